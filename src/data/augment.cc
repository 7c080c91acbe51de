// SPDX-License-Identifier: Apache-2.0
#include "data/augment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/error.h"

namespace murine {
namespace {

int64_t Reflect(int64_t i, int64_t size) {  // ... 2 1 | 0 1 2 ... : the border pixel is not repeated
  if (i < 0) return -i;
  return i < size ? i : 2 * size - 2 - i;
}

void Crop(std::span<float> image, int64_t channels, int64_t height, int64_t width, RandomStream& stream) {
  const auto shift = [&] { return static_cast<int64_t>(stream.Below(2 * kCropPadding + 1)) - kCropPadding; };
  const int64_t down = shift(), right = shift();
  const std::vector<float> source(image.begin(), image.end());
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t y = 0; y < height; ++y) {
      const float* row = source.data() + (c * height + Reflect(y + down, height)) * width;
      float* out = image.data() + (c * height + y) * width;
      for (int64_t x = 0; x < width; ++x) out[x] = row[Reflect(x + right, width)];
    }
}

}  // namespace

Augmentation Augmentation::Parse(const std::string& text) {
  Augmentation augmentation;
  if (text.empty() || text == "none") return augmentation;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    const std::string part = text.substr(start, comma - start);
    start = comma + 1;
    constexpr std::string_view kNoise = "noise:";
    if (part == "crop") {
      augmentation.crop = true;
    } else if (part == "flip") {
      augmentation.flip = true;
    } else if (const char* end = part.data() + part.size();
               part.starts_with(kNoise) &&
               std::from_chars(part.data() + kNoise.size(), end, augmentation.noise).ptr == end &&
               augmentation.noise > 0 && augmentation.noise <= 1) {
      continue;
    } else {
      throw Error({.what = "unknown augmentation '" + part + "'",
                   .expected = "crop, flip, noise:SIGMA (0 to 1), separated by commas, or none",
                   .kind = ErrorKind::kUsage});
    }
  }
  return augmentation;
}

std::string Augmentation::Name() const {
  std::string name;
  const auto add = [&](const std::string& part) { name += (name.empty() ? "" : ",") + part; };
  if (crop) add("crop");
  if (flip) add("flip");
  if (noise > 0) add(fmt::format("noise:{}", noise));
  return name.empty() ? "none" : name;
}

void Augment(const Augmentation& augmentation, std::span<float> image, int64_t channels, int64_t height,
             int64_t width, RandomStream& stream) {
  if (augmentation.crop) {
    if (std::min(height, width) <= kCropPadding)
      throw Error({.what = "images are too small for random crops",
                   .expected = fmt::format("more than {0} x {0} pixels", kCropPadding),
                   .got = fmt::format("{} x {}", height, width),
                   .hint = "train with --augment flip or none"});
    Crop(image, channels, height, width, stream);
  }
  if (augmentation.flip && stream.Below(2) == 1)
    for (int64_t row = 0; row < channels * height; ++row)
      std::reverse(image.begin() + row * width, image.begin() + (row + 1) * width);
  if (augmentation.noise > 0) {
    std::vector<float> noise(image.size());
    stream.FillNormal(noise, static_cast<float>(augmentation.noise));
    for (size_t i = 0; i < image.size(); ++i) image[i] = std::clamp(image[i] + noise[i], 0.f, 1.f);
  }
}

}  // namespace murine
