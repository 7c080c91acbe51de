// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace murine {

// Position in pixels (pixel centres are whole numbers, x to the right, y down), frequency in cycles per
// pixel, angles in radians. The carrier runs along `orientation`: 0 is a vertical grating.
struct GaborParameters {
  double x = 0, y = 0;
  double frequency = 0.1;
  double orientation = 0;
  double phase = 0;
  double sigma_along = 4;   // of the Gaussian envelope, pixels, in the direction of the carrier
  double sigma_across = 4;  // at right angles to it
};

// Envelope of a Gabor filter whose half-response bandwidth is `octaves` at `frequency`:
// sigma = sqrt(ln 2 / 2) / (pi f) (2^b + 1) / (2^b - 1) (De Valois et al. 1982; Jones and Palmer 1987).
double GaborSigma(double frequency, double octaves);

// Standard deviation of the blur of a mouse's eye, in pixels. It also makes a move by part of a pixel leave
// the contrast as it was, which plain interpolation does not: cells would answer more whenever the eye moves.
constexpr double kEyeBlurPx = 0.75;

// An image as filters see it: the contrast of each pixel, with some zero columns on the right, so that
// filters may read whole vectors.
class Canvas {
 public:
  Canvas(int64_t height, int64_t width);
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }

  // Sets the contrast to 2 x - 1 for the grey levels x in [0, 1] of `image` [height, width], blurred and
  // moved by the eye: what stood at (x + dx, y + dy) is now at (x, y). The edge pixels go on outside: a
  // bright frame that comes and goes with the eye would outdo the picture.
  void Show(std::span<const float> image, double dx, double dy);
  const float* row(int64_t y) const { return values_.data() + y * stride_; }
  double variance() const { return variance_; }  // of the contrast, over the screen

 private:
  int64_t height_, width_, stride_;
  double variance_ = 0;
  std::vector<float> values_;  // [height, stride]
};

// What a pair of filters in quadrature sees at its place.
struct GaborDrive {
  double even = 0, odd = 0;  // a grating of contrast A at the preferred frequency gives up to A
  double variance = 0;       // of the contrast under the envelope
};

// Two Gabor filters, a quarter of a cycle apart, cut at 2.5 sigma and at the edges of the screen. Neither
// sees a constant image.
class GaborPair {
 public:
  GaborPair(const GaborParameters& parameters, int64_t height, int64_t width);
  GaborDrive See(const Canvas& canvas) const;

 private:
  int64_t left_ = 0, top_ = 0, rows_ = 0, columns_ = 0;  // columns: a multiple of kLanes
  std::vector<float> even_, odd_, envelope_;             // [rows, columns]; envelope sums to 1
};

}  // namespace murine
