// SPDX-License-Identifier: Apache-2.0
#include "data/gabor.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "base/error.h"
#include "base/random.h"

namespace murine::gabor_test {

constexpr int64_t kHeight = 49, kWidth = 61;

Canvas Shown(const std::function<double(double x, double y)>& grey, double dx = 0, double dy = 0) {
  std::vector<float> image;
  for (int64_t y = 0; y < kHeight; ++y)
    for (int64_t x = 0; x < kWidth; ++x)
      image.push_back(static_cast<float>(grey(static_cast<double>(x), static_cast<double>(y))));
  Canvas canvas(kHeight, kWidth);
  canvas.Show(image, dx, dy);
  return canvas;
}

// Contrast `a`, frequency in cycles per pixel, about the point (30, 24).
Canvas Grating(double frequency, double orientation, double phase, double a = 0.8) {
  return Shown([=](double x, double y) {
    const double along = (x - 30) * std::cos(orientation) + (y - 24) * std::sin(orientation);
    return 0.5 + 0.5 * a * std::cos(2 * std::numbers::pi * frequency * along + phase);
  });
}

// What the eye's blur leaves of a grating.
double Blurred(double frequency) {
  return std::exp(-2 * std::pow(std::numbers::pi * kEyeBlurPx * frequency, 2));
}

double Amplitude(const GaborDrive& drive) { return std::hypot(drive.even, drive.odd); }

constexpr double kFrequency = 0.12, kOrientation = 0.6;

GaborParameters Parameters() {
  return {.x = 30,
          .y = 24,
          .frequency = kFrequency,
          .orientation = kOrientation,
          .phase = 0.3,
          .sigma_along = GaborSigma(kFrequency, 1.2),
          .sigma_across = GaborSigma(kFrequency, 1.2)};
}

TEST(Gabor, PreferredGratingGivesItsContrastAtAnyPhase) {
  const GaborPair pair(Parameters(), kHeight, kWidth);
  const double a = 0.8 * Blurred(kFrequency);
  for (const double phase : {0.0, 0.7, 1.9, 4.0}) {
    const GaborDrive drive = pair.See(Grating(kFrequency, kOrientation, phase));
    EXPECT_NEAR(Amplitude(drive), a, 0.02) << phase;
    // A simple cell follows the phase.
    EXPECT_NEAR(drive.even, a * std::cos(phase - 0.3), 0.03) << phase;
    EXPECT_NEAR(drive.variance, a * a / 2, 0.03) << phase;
  }
}

TEST(Gabor, TunedToFrequencyAndOrientation) {
  const GaborPair pair(Parameters(), kHeight, kWidth);
  const auto answer = [&](double frequency, double orientation) {
    return Amplitude(pair.See(Grating(frequency, orientation, 0))) / Blurred(frequency);
  };
  const double best = answer(kFrequency, kOrientation);
  for (const double frequency : {0.03, 0.06, 0.09, 0.15, 0.2, 0.3})
    EXPECT_LT(answer(frequency, kOrientation), 0.9 * best) << frequency;
  for (const double turn : {0.5, 1.0, std::numbers::pi / 2, 2.2})
    EXPECT_LT(answer(kFrequency, kOrientation + turn), 0.7 * best) << turn;
  EXPECT_LT(answer(kFrequency, kOrientation + std::numbers::pi / 2), 0.05 * best);
}

// The answer falls to half at two frequencies that lie `octaves` apart.
TEST(Gabor, BandwidthInOctaves) {
  for (const double octaves : {1.0, 1.5, 2.0}) {
    const double sigma = GaborSigma(kFrequency, octaves);
    const double half_width = std::sqrt(std::numbers::ln2 / 2) / (std::numbers::pi * sigma);
    EXPECT_NEAR(std::log2((kFrequency + half_width) / (kFrequency - half_width)), octaves, 1e-12);

    GaborParameters parameters = Parameters();
    parameters.sigma_along = parameters.sigma_across = sigma;
    const GaborPair pair(parameters, kHeight, kWidth);
    const auto answer = [&](double frequency) {
      return Amplitude(pair.See(Grating(frequency, kOrientation, 0))) / Blurred(frequency);
    };
    const double best = answer(kFrequency), high = answer(kFrequency + half_width);
    EXPECT_NEAR(high / best, 0.5, 0.06) << octaves;
  }
}

TEST(Gabor, BlindToUniformImagesEvenAtTheEdge) {
  for (const auto& [x, y] : {std::pair{30.0, 24.0}, {0.0, 0.0}, {60.0, 48.0}, {-3.0, 50.0}}) {
    GaborParameters parameters = Parameters();
    parameters.x = x;
    parameters.y = y;
    const GaborDrive drive =
        GaborPair(parameters, kHeight, kWidth).See(Shown([](double, double) { return 0.9; }));
    EXPECT_NEAR(drive.even, 0, 1e-5);
    EXPECT_NEAR(drive.odd, 0, 1e-5);
    EXPECT_NEAR(drive.variance, 0, 1e-5);
  }
}

// The formula in plain loops, uncut, on a filter that lies well inside the screen.
TEST(Gabor, AgreesWithPlainSums) {
  const GaborParameters p = {.x = 28.3,
                             .y = 22.6,
                             .frequency = 0.2,
                             .orientation = 2,
                             .phase = 1,
                             .sigma_along = 2.5,
                             .sigma_across = 3};
  RandomStream stream(4, "test/image");
  std::vector<float> image(kHeight * kWidth);
  stream.FillUniform(image, 0, 1);
  Canvas canvas(kHeight, kWidth);
  canvas.Show(image, 0, 0);
  double weights = 0, even = 0, odd = 0, even_sum = 0, odd_sum = 0, mean = 0;
  for (int64_t y = 0; y < kHeight; ++y)
    for (int64_t x = 0; x < kWidth; ++x) {
      const double u = static_cast<double>(x) - p.x, v = static_cast<double>(y) - p.y;
      const double along = u * std::cos(p.orientation) + v * std::sin(p.orientation);
      const double across = v * std::cos(p.orientation) - u * std::sin(p.orientation);
      const double w = std::exp(-along * along / (2 * p.sigma_along * p.sigma_along) -
                                across * across / (2 * p.sigma_across * p.sigma_across));
      const double angle = 2 * std::numbers::pi * p.frequency * along + p.phase;
      const double c = canvas.row(y)[x];
      weights += w;
      mean += w * c;
      even += 2 * w * std::cos(angle) * c;
      odd += 2 * w * std::sin(angle) * c;
      even_sum += 2 * w * std::cos(angle);
      odd_sum += 2 * w * std::sin(angle);
    }
  const GaborDrive drive = GaborPair(p, kHeight, kWidth).See(canvas);
  EXPECT_NEAR(drive.even, (even - even_sum * mean / weights) / weights, 0.02);
  EXPECT_NEAR(drive.odd, (odd - odd_sum * mean / weights) / weights, 0.02);
}

TEST(Canvas, EyeMovesTheImage) {
  const auto ramp = [](double x, double y) { return 0.01 * x + 0.005 * y; };
  const Canvas still = Shown(ramp);
  for (const auto& [dx, dy] : {std::pair{2.0, -1.0}, {0.5, 0.25}, {-1.75, 3.5}}) {
    const Canvas moved = Shown(ramp, dx, dy);
    // A symmetric blur leaves a ramp as it is.
    for (const auto& [x, y] : {std::pair<int64_t, int64_t>{10, 12}, {40, 30}})
      EXPECT_NEAR(moved.row(y)[x] - still.row(y)[x], 2 * (0.01 * dx + 0.005 * dy), 1e-4) << dx << " " << dy;
  }
  // The edge goes on outside the screen.
  EXPECT_NEAR(Shown(ramp, -9, 0).row(10)[3], 2 * ramp(0, 10) - 1, 1e-5);
  EXPECT_THROW(Canvas(4, 4).Show(std::vector<float>(15), 0, 0), Error);
}

TEST(Canvas, Variance) {
  EXPECT_NEAR(Shown([](double, double) { return 0.7; }).variance(), 0, 1e-6);
  EXPECT_NEAR(Grating(0.1, 0, 0).variance(), std::pow(0.8 * Blurred(0.1), 2) / 2, 0.01);
}

// Part of a pixel here or there must not change what the normalization sees.
TEST(Canvas, MovingKeepsTheContrast) {
  const auto noise = [](double x, double y) {
    return RandomStream(8, "test/noise", static_cast<uint64_t>(y), static_cast<uint64_t>(x)).Uniform();
  };
  const double still = Shown(noise).variance();
  for (const double shift : {0.25, 0.5, 0.75})
    EXPECT_NEAR(Shown(noise, shift, shift).variance() / still, 1, 0.03) << shift;
}

}  // namespace murine::gabor_test
