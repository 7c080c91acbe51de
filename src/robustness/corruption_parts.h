// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.h"
#include "robustness/raster.h"

// The corruptions one by one, for corruption.cc and the tests. Severities are 1 to 5; random draws come from
// `stream`, in the order that the code shows. Results may leave [0, 1].
namespace murine::corruption {

// The value for a severity.
template <class T, size_t n>
const T& At(const T (&table)[n], int severity) {
  static_assert(n == 5);
  return table[severity - 1];
}

Raster DefocusBlur(const Raster& image, int severity);
Raster GlassBlur(const Raster& image, int severity, RandomStream& stream);
Raster MotionBlurred(const Raster& image, int severity, RandomStream& stream);
Raster ZoomBlur(const Raster& image, int severity);
Raster GaussianBlurred(const Raster& image, int severity);

Raster Snow(const Raster& image, int severity, RandomStream& stream);
Raster Frost(const Raster& image, int severity, RandomStream& stream, std::span<const Raster> textures);
Raster Fog(const Raster& image, int severity, RandomStream& stream);
Raster Spatter(const Raster& image, int severity, RandomStream& stream);

Raster Brightness(const Raster& image, int severity);
Raster Saturate(const Raster& image, int severity);
Raster Contrast(const Raster& image, int severity);
Raster ElasticTransform(const Raster& image, int severity, RandomStream& stream);
Raster Pixelate(const Raster& image, int severity);
Raster JpegCompression(const Raster& image, int severity);

// Swaps every pixel, from the last to the first, with one up to `shift` above and to the left of it or, for
// larger shifts, below and to the right.
void ShufflePixels(Raster& image, int shift, RandomStream& stream);
// Plasma by the diamond-square algorithm (Fournier et al. 1982, doi 10.1145/358523.358553) on a torus, scaled
// to reach from 0 to 1; the amplitude falls by decay^2 from scale to scale.
Raster Plasma(int64_t height, int64_t width, double decay, RandomStream& stream);
// [2, height, width]: U(-1, 1), smoothed, times `amplitude`: displacements in pixels.
Raster ElasticField(int64_t height, int64_t width, double amplitude, double sigma, RandomStream& stream);
// Edges of 8-bit values (Canny 1986, doi 10.1109/TPAMI.1986.4767851): 3x3 Sobel, |gx| + |gy|, thresholds low
// and high.
std::vector<bool> CannyEdges(const Raster& levels, double low, double high);
// Distance in pixels to the nearest `true`, by a 5x5 chamfer (Borgefors 1986,
// doi 10.1016/S0734-189X(86)80047-0); never more than `most`.
Raster ChamferDistance(const std::vector<bool>& marks, int64_t height, int64_t width, double most);
// 8-bit values, so that each occurs about as often.
void EqualizeHistogram(Raster& levels);

// ITU-R 601.
constexpr float kLuma[3] = {0.299f, 0.587f, 0.114f};
float LumaAt(const Raster& image, int64_t y, int64_t x);

}  // namespace murine::corruption
