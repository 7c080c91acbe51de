// SPDX-License-Identifier: Apache-2.0
#include "data/dead_leaves.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

namespace murine::dead_leaves_test {

constexpr uint64_t kSeed = 3;
constexpr int64_t kSide = 48, kCount = 600;

const ImageSet& Images() {
  static const ImageSet images = DeadLeaves(kCount, kSide, kSide, kSeed);
  return images;
}

double Pixel(int64_t i, int64_t y, int64_t x) {
  return Images().bytes[static_cast<size_t>((i * kSide + y) * kSide + x)] / 255.0 - 0.5;
}

TEST(DeadLeaves, AnImageDependsOnSeedAndNumberAlone) {
  EXPECT_EQ(DeadLeaves(5, 9, 7, 1).bytes, DeadLeaves(5, 9, 7, 1).bytes);
  EXPECT_EQ(DeadLeaves(5, 9, 7, 1).Slice(0, 3).bytes, DeadLeaves(3, 9, 7, 1).bytes);
  EXPECT_NE(DeadLeaves(5, 9, 7, 2).bytes, DeadLeaves(5, 9, 7, 1).bytes);
  const ImageSet two = DeadLeaves(2, 9, 7, 1);
  EXPECT_NE(two.Slice(0, 1).bytes, two.Slice(1, 2).bytes);
  EXPECT_EQ(two.height, 9);
  EXPECT_EQ(two.width, 7);
  EXPECT_EQ(two.channels, 1);
  EXPECT_EQ(DeadLeaves(2, 1, 1, 0).bytes.size(), 2u);  // the smallest there is
}

// A pixel shows one leaf or, at an edge, several: grey levels are nearly uniform, with mean 127.5.
TEST(DeadLeaves, GreyLevelsFillTheRange) {
  const std::vector<uint8_t>& bytes = Images().bytes;
  const double mean = std::accumulate(bytes.begin(), bytes.end(), 0.0) / static_cast<double>(bytes.size());
  EXPECT_NEAR(mean, 127.5, 5) << "seed " << kSeed;
  std::array<int64_t, 8> octiles{};
  for (const uint8_t value : bytes) ++octiles[value / 32];
  for (const int64_t count : octiles)
    EXPECT_NEAR(static_cast<double>(count) / static_cast<double>(bytes.size()), 0.125, 0.04)
        << "seed " << kSeed;
}

// Area that two discs of one radius at the distance d share.
double Lens(double radius, double d) {
  if (d >= 2 * radius) return 0;
  return 2 * radius * radius * std::acos(d / (2 * radius)) - d / 2 * std::sqrt(4 * radius * radius - d * d);
}

// Two points at the distance d show the same leaf with probability g(d) / (2 g(0) - g(d)), where g is the
// mean area shared by a leaf and itself moved by d (Lee, Mumford and Huang 2001, section 3): the correlation
// of their grey levels. Leaves have the radius density r^-exponent between 1 and 0.6 sides, wherever they
// lie.
double PredictedCorrelation(double d, double exponent) {
  const double largest = 0.6 * kSide;
  double moved = 0, whole = 0;
  constexpr int kSteps = 20000;
  for (int i = 0; i < kSteps; ++i) {
    const double log_radius = (i + 0.5) / kSteps * std::log(largest), radius = std::exp(log_radius);
    const double density = std::pow(radius, 1 - exponent);  // of log radius
    moved += density * Lens(radius, d);
    whole += density * Lens(radius, 0);
  }
  return moved / (2 * whole - moved);
}

// Over the variance of the leaves' own grey levels, for pixels on an edge vary less.
double MeasuredCorrelation(int64_t d) {
  constexpr double kVariance = (256.0 * 256 - 1) / 12 / (255.0 * 255);
  double products = 0, pairs = 0;
  for (int64_t i = 0; i < kCount; ++i)
    for (int64_t y = 0; y < kSide; ++y)
      for (int64_t x = 0; x + d < kSide; ++x) {
        products += Pixel(i, y, x) * Pixel(i, y, x + d) + Pixel(i, x, y) * Pixel(i, x + d, y);
        pairs += 2;
      }
  return products / pairs / kVariance;
}

// Occlusion and the power law of the radii: their closed form, which other exponents miss.
TEST(DeadLeaves, CorrelationFollowsThePowerLawOfTheRadii) {
  double worst = 0, worst_of_others = 1;
  for (const double exponent : {2.5, 3.0, 3.5}) {
    double greatest = 0;
    for (const int64_t d : {3, 5, 8, 12, 20, 30})
      greatest = std::max(greatest, std::abs(MeasuredCorrelation(d) -
                                             PredictedCorrelation(static_cast<double>(d), exponent)));
    if (exponent == 3.0)
      worst = greatest;
    else
      worst_of_others = std::min(worst_of_others, greatest);
  }
  EXPECT_LT(worst, 0.02) << "seed " << kSeed;
  EXPECT_GT(worst_of_others, 0.06) << "seed " << kSeed;
}

// Radially averaged power of the images under a Hann window, at 0 to kSide / 2 cycles an image.
std::vector<double> Spectrum() {
  using Complex = std::complex<double>;
  std::vector<Complex> wave(kSide);
  for (int64_t k = 0; k < kSide; ++k)
    wave[k] = std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(k) / kSide);
  const auto window = [](int64_t x) {
    return 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (static_cast<double>(x) + 0.5) / kSide);
  };
  std::vector<double> power(kSide / 2 + 1), counts(kSide / 2 + 1);
  std::vector<Complex> rows(kSide * kSide);
  for (int64_t i = 0; i < 100; ++i) {
    for (int64_t y = 0; y < kSide; ++y)
      for (int64_t u = 0; u < kSide; ++u) {
        Complex sum = 0;
        for (int64_t x = 0; x < kSide; ++x)
          sum += Pixel(i, y, x) * window(x) * window(y) * wave[u * x % kSide];
        rows[y * kSide + u] = sum;
      }
    for (int64_t v = 0; v < kSide; ++v)
      for (int64_t u = 0; u < kSide; ++u) {
        Complex sum = 0;
        for (int64_t y = 0; y < kSide; ++y) sum += rows[y * kSide + u] * wave[v * y % kSide];
        const auto radius =
            static_cast<size_t>(std::lround(std::hypot(std::min(u, kSide - u), std::min(v, kSide - v))));
        if (radius >= power.size()) continue;
        power[radius] += std::norm(sum);
        counts[radius] += 1;
      }
  }
  for (size_t r = 0; r < power.size(); ++r) power[r] /= counts[r];
  return power;
}

TEST(DeadLeaves, PowerFallsAsInNaturalImages) {
  const std::vector<double> power = Spectrum();
  // Between the window's own width (2 cycles) and the blur of the least leaves (half of the highest
  // frequency).
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (size_t r = 3; r <= kSide / 4; ++r) {
    const double f = std::log(static_cast<double>(r)), p = std::log(power[r]);
    n += 1;
    x += f;
    y += p;
    xx += f * f;
    xy += f * p;
  }
  const double slope = (xy - x * y / n) / (xx - x * x / n);
  EXPECT_GT(slope, -2.3) << "seed " << kSeed;
  EXPECT_LT(slope, -1.7) << "seed " << kSeed;
}

}  // namespace murine::dead_leaves_test
