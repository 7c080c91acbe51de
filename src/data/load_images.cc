// SPDX-License-Identifier: Apache-2.0
// The kinds of image sets, `KIND:PATH[@START-END]`, and how each is read.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/memory_need.h"
#include "base/options.h"
#include "data/cifar.h"
#include "data/dead_leaves.h"
#include "data/idx.h"
#include "data/image_folder.h"
#include "data/image_set.h"
#include "data/recording.h"
#include "io/npy.h"

namespace murine {
namespace {

constexpr const char* kDebianFashionMnist = "/usr/share/datasets/fashion-mnist";

const std::vector<std::string> kKinds = {"cifar10", "cifar100", "fashion-mnist", "mnist",
                                         "folder",  "npy",      "recording",     "dead-leaves"};

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size() || number < 0) return {};
  return number;
}

// [n, c, h, w], [n, h, w] or [n, h, w, 3] as [n, c, h, w].
void SetShape(ImageSet& set, const std::vector<int64_t>& shape, const std::string& where) {
  if (shape.size() == 3) {
    set.height = shape[1];
    set.width = shape[2];
  } else if (shape.size() == 4 && (shape[1] == 1 || shape[1] == 3)) {
    set.channels = shape[1];
    set.height = shape[2];
    set.width = shape[3];
  } else if (shape.size() == 4 && shape[3] == 3) {
    set.channels = 3;
    set.height = shape[1];
    set.width = shape[2];
  } else {
    throw Error({.what = "shape of the images",
                 .where = where,
                 .expected = "(n, h, w), (n, 1, h, w), (n, 3, h, w) or (n, h, w, 3)",
                 .got = FormatShape(shape)});
  }
}

template <class T>
std::vector<T> ChannelsFirst(const NdArray<T>& array) {
  const auto& shape = array.shape;
  if (shape.size() != 4 || shape[1] == 1 || shape[1] == 3) return array.values;
  const int64_t plane = shape[1] * shape[2];
  std::vector<T> values(array.values.size());
  for (int64_t i = 0; i < shape[0]; ++i)
    for (int64_t c = 0; c < 3; ++c)
      for (int64_t k = 0; k < plane; ++k)
        values[static_cast<size_t>((i * 3 + c) * plane + k)] =
            array.values[static_cast<size_t>((i * plane + k) * 3 + c)];
  return values;
}

ImageSet ReadNpyImages(const std::string& path) {
  const std::pair<std::string, std::string> files = SplitNpyPath(path);
  const std::string &file = files.first, &label_file = files.second;
  const std::string dtype = [&] {
    const MappedFile mapped(file);
    return ParseNpyHeader(mapped.bytes(), file).dtype;
  }();
  ImageSet set;
  if (dtype.ends_with("u1")) {
    const NdArray<uint8_t> array = ReadNpy<uint8_t>(file);
    SetShape(set, array.shape, file);
    set.bytes = ChannelsFirst(array);
  } else {
    const NdArray<float> array = ReadNpy<float>(file);
    SetShape(set, array.shape, file);
    constexpr float kTolerance = 1e-6f;
    for (size_t i = 0; i < array.values.size(); ++i)
      if (!(array.values[i] >= -kTolerance && array.values[i] <= 1 + kTolerance))
        throw Error({.what = "image value out of range",
                     .where = fmt::format("{}, image {}", file, static_cast<int64_t>(i) / set.image_size()),
                     .expected = "0 to 1 (or 8-bit values in an array of uint8)",
                     .got = fmt::format("{}", array.values[i])});
    set.floats = ChannelsFirst(array);
    for (float& value : set.floats) value = std::clamp(value, 0.f, 1.f);
  }
  if (label_file.empty()) return set;
  const NdArray<int64_t> labels = ReadNpy<int64_t>(label_file);
  if (labels.shape.size() != 1 || labels.rows() != set.count())
    throw Error({.what = "labels and images differ in number",
                 .where = label_file,
                 .expected = fmt::format("({},)", set.count()),
                 .got = FormatShape(labels.shape)});
  for (const int64_t label : labels.values) {
    if (label < 0 || label >= 100000)
      throw Error({.what = "label outside the classes",
                   .where = label_file,
                   .expected = "0 to 99999",
                   .got = fmt::format("{}", label)});
    set.labels.push_back(static_cast<int32_t>(label));
    set.classes = std::max(set.classes, static_cast<int>(label) + 1);
  }
  return set;
}

// The same images for everyone who names the same set: their seed is 0.
ImageSet GenerateDeadLeaves(const std::string& what) {
  const size_t cross = what.find('x');
  const auto count = ParseNumber(std::string_view(what).substr(0, cross));
  if (cross == std::string::npos || !count || *count < 1)
    throw Error({.what = "malformed dead-leaves set",
                 .expected = "dead-leaves:COUNTxHEIGHTxWIDTH, such as dead-leaves:1000x36x64",
                 .got = what,
                 .kind = ErrorKind::kUsage});
  const auto [height, width] = ParseSize(what.substr(cross + 1));
  constexpr int64_t kMostBytes = int64_t{1} << 38;
  if (*count > kMostBytes / (height * width))
    throw Error({.what = "more dead-leaves images than memory holds",
                 .expected = fmt::format("at most {} pixels", kMostBytes),
                 .got = "dead-leaves:" + what,
                 .kind = ErrorKind::kUsage});
  RequireMemory("the images of dead-leaves:" + what, *count * height * width, "fewer or smaller images");
  return DeadLeaves(*count, height, width, /*seed=*/0);
}

// ITU-R 601 luma, rounded to 8 bits as PIL rounds it.
ImageSet Gray(ImageSet set) {
  if (set.channels == 1) return set;
  const int64_t count = set.count(), plane = set.height * set.width;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t k = 0; k < plane; ++k) {
      const auto red = static_cast<size_t>(i * 3 * plane + k), green = red + plane, blue = green + plane;
      const auto out = static_cast<size_t>(i * plane + k);
      if (set.bytes.empty())
        set.floats[out] = 0.299f * set.floats[red] + 0.587f * set.floats[green] + 0.114f * set.floats[blue];
      else
        set.bytes[out] = static_cast<uint8_t>(
            (set.bytes[red] * 19595u + set.bytes[green] * 38470u + set.bytes[blue] * 7471u + 0x8000u) >> 16);
    }
  set.channels = 1;
  set.bytes.resize(set.bytes.empty() ? 0 : static_cast<size_t>(count * plane));
  set.floats.resize(set.floats.empty() ? 0 : static_cast<size_t>(count * plane));
  return set;
}

ImageSet ReadKind(const ImageSetSpec& spec, const LoadImageOptions& options) {
  if (spec.kind == "cifar10") return ReadCifar10(spec.path, options.split);
  if (spec.kind == "cifar100") return ReadCifar100(spec.path, options.split);
  if (spec.kind == "mnist" || spec.kind == "fashion-mnist") return ReadIdx(spec.path, options.split);
  if (spec.kind == "folder") return ReadImageFolder(spec.path);
  if (spec.kind == "npy") return ReadNpyImages(spec.path);
  if (spec.kind == "recording") return ReadRecording(spec.path).images;
  return GenerateDeadLeaves(spec.path);
}

}  // namespace

std::pair<std::string, std::string> SplitNpyPath(const std::string& path) {
  std::error_code ignored;  // whoever reads the file says what is wrong with it
  const size_t comma = std::filesystem::exists(path, ignored) ? path.npos : path.find(',');
  if (comma == path.npos) return {path, ""};
  return {path.substr(0, comma), path.substr(comma + 1)};
}

ImageSetSpec ImageSetSpec::Parse(const std::string& text) {
  ImageSetSpec spec;
  std::string rest = text;
  if (const size_t at = text.rfind('@'); at != std::string::npos && text.find('/', at) == std::string::npos) {
    const std::string slice = text.substr(at + 1);
    const size_t dash = slice.find('-');
    spec.first = ParseNumber(std::string_view(slice).substr(0, dash));
    if (dash != std::string::npos) spec.last = ParseNumber(std::string_view(slice).substr(dash + 1));
    if (!spec.first || !spec.last || *spec.first >= *spec.last)
      throw Error({.what = "malformed slice",
                   .where = text,
                   .expected = "@START-END with START below END",
                   .got = "@" + slice,
                   .kind = ErrorKind::kUsage});
    rest = text.substr(0, at);
  }
  const size_t colon = rest.find(':');
  spec.kind = rest.substr(0, colon);
  if (std::find(kKinds.begin(), kKinds.end(), spec.kind) == kKinds.end())
    ThrowUnknownName("kind of image set", spec.kind, text, kKinds, ErrorKind::kUsage);
  if (colon != std::string::npos) spec.path = rest.substr(colon + 1);
  if (spec.path.empty() && spec.kind == "fashion-mnist") spec.path = kDebianFashionMnist;
  if (spec.path.empty())
    throw Error({.what = "image set without a path",
                 .expected = spec.kind + ":PATH",
                 .got = text,
                 .kind = ErrorKind::kUsage});
  return spec;
}

std::string ImageSetSpec::Identity() const {
  std::string identity = kind == "dead-leaves" ? kind + ":" + path : kind;
  if (first) identity += fmt::format("@{}-{}", *first, *last);
  return identity;
}

ImageSet LoadImages(const std::string& text, const LoadImageOptions& options) {
  const ImageSetSpec spec = ImageSetSpec::Parse(text);
  ImageSet set = ReadKind(spec, options);
  if (set.count() == 0) throw Error({.what = "no images", .where = text});
  if (options.color == Color::kGray) set = Gray(std::move(set));
  if (spec.last && *spec.last > set.count())
    throw Error({.what = "slice beyond the end of the image set",
                 .where = text,
                 .expected = fmt::format("at most {}", set.count()),
                 .got = fmt::format("{}", *spec.last)});
  if (spec.first) set = set.Slice(*spec.first, *spec.last);
  set.name = text;
  return set;
}

}  // namespace murine
