// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "robustness/corruption_parts.h"

namespace murine::corruption {

// A disk, its edge smoothed by a 3x3 Gaussian.
Raster DefocusBlur(const Raster& image, int severity) {
  struct Lens {
    double radius, smooth;
  };
  static constexpr Lens kLenses[] = {{.3, .4}, {.4, .5}, {.5, .6}, {1, .2}, {1.5, .1}};
  const auto [radius, smooth] = At(kLenses, severity);
  const int reach = static_cast<int>(radius) + 1;
  std::vector<double> kernel;
  double sum = 0;
  const auto covered = [&, r = radius](int y, int x) { return y * y + x * x <= r * r ? 1.0 : 0.0; };
  const double neighbor = std::exp(-0.5 / (smooth * smooth)), whole = 1 + 2 * neighbor;
  for (int y = -reach; y <= reach; ++y)
    for (int x = -reach; x <= reach; ++x) {
      double value = 0;
      for (int i = -1; i <= 1; ++i)
        for (int j = -1; j <= 1; ++j)
          value +=
              covered(y + i, x + j) * (i == 0 ? 1 : neighbor) * (j == 0 ? 1 : neighbor) / (whole * whole);
      kernel.push_back(value);
      sum += value;
    }
  for (double& value : kernel) value /= sum;
  return Filter(image, kernel, Border::kMirror);
}

void ShufflePixels(Raster& image, int shift, RandomStream& stream) {
  const auto draw = [&] {
    return static_cast<int64_t>(stream.Below(static_cast<uint64_t>(2 * shift))) - shift;
  };
  for (int64_t y = image.height - shift; y > shift; --y)
    for (int64_t x = image.width - shift; x > shift; --x) {
      const int64_t dx = draw(), dy = draw();
      for (int64_t c = 0; c < image.channels; ++c) std::swap(image.At(c, y, x), image.At(c, y + dy, x + dx));
    }
}

Raster GlassBlur(const Raster& image, int severity, RandomStream& stream) {
  struct Glass {
    double sigma;
    int shift, iterations;
  };
  static constexpr Glass kGlasses[] = {{.05, 1, 1}, {.25, 1, 1}, {.4, 1, 1}, {.25, 1, 2}, {.4, 1, 2}};
  const Glass glass = At(kGlasses, severity);
  Raster result = GaussianBlur(image, {.sigma = glass.sigma});
  for (int i = 0; i < glass.iterations; ++i) ShufflePixels(result, glass.shift, stream);
  return GaussianBlur(result, {.sigma = glass.sigma});
}

Raster MotionBlurred(const Raster& image, int severity, RandomStream& stream) {
  static constexpr MotionKernel kKernels[] = {{6, 1}, {6, 1.5}, {6, 2}, {8, 2}, {9, 2.5}};
  MotionKernel kernel = At(kKernels, severity);
  kernel.angle = stream.Uniform(-45, 45);
  Raster result = MotionBlur(image, kernel);
  // the published set has this step from a program that writes 8 bits, rounded
  for (float& value : result.values) value = std::round(value * 255) / 255;
  return result;
}

// The mean of the image and of the image zoomed in by 1, 1.01, 1.02 ...
Raster ZoomBlur(const Raster& image, int severity) {
  static constexpr int kZooms[] = {7, 12, 16, 21, 26};
  const int zooms = At(kZooms, severity);
  Raster sum = image;
  for (int i = 0; i < zooms; ++i) {
    const Raster zoomed = ZoomIn(image, 1 + 0.01 * i);
    for (size_t k = 0; k < sum.values.size(); ++k) sum.values[k] += zoomed.values[k];
  }
  for (float& value : sum.values) value /= static_cast<float>(zooms + 1);
  return sum;
}

Raster GaussianBlurred(const Raster& image, int severity) {
  static constexpr double kSigmas[] = {.4, .6, .7, .8, 1};
  return GaussianBlur(image, {.sigma = At(kSigmas, severity)});
}

}  // namespace murine::corruption
