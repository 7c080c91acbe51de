// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace murine {

// An image as corruptions see it: planes of values, [channels, height, width], in [0, 1] unless said.
struct Raster {
  int64_t channels = 1, height = 0, width = 0;
  std::vector<float> values;

  Raster() = default;
  Raster(int64_t planes, int64_t rows, int64_t columns)
      : channels(planes),
        height(rows),
        width(columns),
        values(static_cast<size_t>(planes * rows * columns)) {}

  size_t Offset(int64_t c, int64_t y, int64_t x) const {
    return static_cast<size_t>((c * height + y) * width + x);
  }
  float& At(int64_t c, int64_t y, int64_t x) { return values[Offset(c, y, x)]; }
  float At(int64_t c, int64_t y, int64_t x) const { return values[Offset(c, y, x)]; }
};

// What lies beyond the edge of a b c d.
enum class Border {
  kNearest,  // a a | a b c d | d d
  kReflect,  // b a | a b c d | d c
  kMirror,   // c b | a b c d | c b
};
int64_t Fold(int64_t i, int64_t n, Border border);  // the place in [0, n) that stands for i

// The kernel is cut at `truncate` sigma and has the sum 1; a sigma too small for a second tap changes
// nothing.
struct GaussianKernel {
  double sigma = 0, truncate = 4;
  Border border = Border::kNearest;
};
Raster GaussianBlur(const Raster& image, const GaussianKernel& kernel);

// Correlation with a square kernel of an odd side, row by row.
Raster Filter(const Raster& image, std::span<const double> kernel, Border border);

// Half a Gaussian along one direction: 2 radius + 1 taps, each on the nearest pixel, the edge repeated.
// Degrees.
struct MotionKernel {
  int radius = 0;
  double sigma = 0, angle = 0;
};
Raster MotionBlur(const Raster& image, const MotionKernel& kernel);

// The middle of the image, ceil(side / factor) pixels a side, stretched over the whole (linear, the corners'
// centres stay where they are); factor >= 1.
Raster ZoomIn(const Raster& image, double factor);

// Linear interpolation between the centres of pixels, which have whole coordinates.
float Sample(const Raster& image, int64_t channel, double y, double x, Border border);

}  // namespace murine
