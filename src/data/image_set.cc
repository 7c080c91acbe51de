// SPDX-License-Identifier: Apache-2.0
#include "data/image_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/hash.h"

namespace murine {

int64_t ImageSet::count() const {
  const size_t values = bytes.empty() ? floats.size() : bytes.size();
  return image_size() == 0 ? 0 : static_cast<int64_t>(values) / image_size();
}

void ImageSet::CopyTo(int64_t i, std::span<float> out) const {
  const auto first = static_cast<size_t>(i * image_size()), size = static_cast<size_t>(image_size());
  if (bytes.empty()) {
    std::copy_n(floats.begin() + static_cast<int64_t>(first), size, out.begin());
  } else {
    for (size_t k = 0; k < size; ++k) out[k] = static_cast<float>(bytes[first + k]) / 255;
  }
}

std::vector<float> ImageSet::Floats(int64_t first, int64_t last) const {
  std::vector<float> values(static_cast<size_t>((last - first) * image_size()));
  for (int64_t i = first; i < last; ++i)
    CopyTo(i, std::span(values).subspan(static_cast<size_t>((i - first) * image_size()),
                                        static_cast<size_t>(image_size())));
  return values;
}

ImageSet ImageSet::Slice(int64_t first, int64_t last) const {
  const auto part = [&](const auto& values, int64_t size) {
    auto copy = values;
    if (!values.empty()) copy.assign(values.begin() + first * size, values.begin() + last * size);
    return copy;
  };
  ImageSet slice;
  slice.name = name;
  slice.channels = channels;
  slice.height = height;
  slice.width = width;
  slice.classes = classes;
  slice.bytes = part(bytes, image_size());
  slice.floats = part(floats, image_size());
  slice.labels = part(labels, 1);
  return slice;
}

std::string StimuliHash(const ImageSet& images) {
  Sha256 hash;
  hash.Add(fmt::format("{} {} {} {} {};", images.count(), images.channels, images.height, images.width,
                       images.bytes.empty() ? "f4" : "u1"));
  hash.Add(std::as_bytes(std::span(images.bytes))).Add(std::as_bytes(std::span(images.floats)));
  return hash.Hex();
}

std::string LabelledHash(const ImageSet& images) {
  return Sha256().Add(StimuliHash(images)).Add(std::as_bytes(std::span(images.labels))).Hex();
}

std::pair<int64_t, int64_t> ParseSize(const std::string& text) {
  constexpr int64_t kMost = 999999;
  int64_t height = 0, width = 0;
  const char* const end = text.data() + text.size();
  const auto [cross, fault] = std::from_chars(text.data(), end, height);
  const bool read = fault == std::errc() && cross != end && *cross == 'x' &&
                    std::from_chars(cross + 1, end, width).ptr == end;
  if (!read || height < 1 || width < 1 || height > kMost || width > kMost)
    throw Error({.what = "malformed size",
                 .expected = "HEIGHTxWIDTH, such as 36x64",
                 .got = text,
                 .kind = ErrorKind::kUsage});
  return {height, width};
}

}  // namespace murine
