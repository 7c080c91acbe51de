// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace murine {

enum class Split { kTrain, kTest };

// Images of one size, with labels or without. Stored as 8-bit values where the source is 8-bit, as floats in
// [0, 1] where it is not; read as floats in [0, 1] in either case.
class ImageSet {
 public:
  std::string name;  // the text it was asked for by
  int64_t channels = 1, height = 0, width = 0;
  std::vector<uint8_t> bytes;   // [count, channels, height, width]; or empty
  std::vector<float> floats;    // the same; or empty
  std::vector<int32_t> labels;  // [count] or empty
  int classes = 0;              // labels lie in [0, classes)

  int64_t count() const;
  int64_t image_size() const { return channels * height * width; }
  // Copies image i, [channels, height, width] in [0, 1], to `out`.
  void CopyTo(int64_t i, std::span<float> out) const;
  // Images first .. last-1, [last - first, channels, height, width] in [0, 1].
  std::vector<float> Floats(int64_t first, int64_t last) const;
  ImageSet Slice(int64_t first, int64_t last) const;
};

// SHA-256 of shape and pixels (8-bit where stored so). Taken before any resizing.
std::string StimuliHash(const ImageSet& images);
// The same with the labels.
std::string LabelledHash(const ImageSet& images);

// `KIND:PATH[@START-END]`, see docs/formats.md. KIND: cifar10, cifar100, fashion-mnist, mnist, folder, npy,
// recording, dead-leaves. A bare `fashion-mnist` means Debian's folder.
struct ImageSetSpec {
  std::string kind, path;
  std::optional<int64_t> first, last;

  static ImageSetSpec Parse(const std::string& text);  // Error kUsage: unknown kind, malformed slice
  std::string Identity() const;                        // "cifar10@0-1000": without the path, for artifacts
};

// Of "IMAGES.npy[,LABELS.npy]" both files; a file of the whole name is one of images.
std::pair<std::string, std::string> SplitNpyPath(const std::string& path);

enum class Color { kGray, kKeep };

struct LoadImageOptions {
  Split split = Split::kTrain;
  Color color = Color::kGray;  // ITU-R 601 with 8-bit rounding
};

// Reads (or generates) the images of `spec`; sets that have no splits give the same images for both.
ImageSet LoadImages(const std::string& spec, const LoadImageOptions& options);

// Every image resized with bilinear interpolation (half-pixel centres; when shrinking, with the antialiasing
// triangle of PIL). Floats.
ImageSet Resize(const ImageSet& images, int64_t height, int64_t width);
// "36x64" -> {36, 64}; Error kUsage otherwise.
std::pair<int64_t, int64_t> ParseSize(const std::string& text);

}  // namespace murine
