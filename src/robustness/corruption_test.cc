// SPDX-License-Identifier: Apache-2.0
// What holds of all corruptions, and noise; the others have files of their own.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "robustness/corruption_scene.h"

namespace murine::corruption_test {

using namespace corruption;
using namespace corruption_scene;

TEST(Corruption, NoiseHasItsMeanAndVariance) {
  const Raster gray = Constant(1, 200, 200, 0.5);
  const double sd[] = {.04, .06, .08, .09, .10}, photons[] = {500, 250, 100, 75, 50};
  const double share[] = {.01, .02, .03, .05, .07}, speckle[] = {.06, .1, .12, .16, .2};
  for (int s = 1; s <= kSeverities; ++s) {
    const auto check = [&](Corruption kind, double variance) {
      const Raster noisy = Corrupted(kind, s, gray);
      double sum = 0, squares = 0;
      for (const float value : noisy.values) {
        sum += value;
        squares += double{value} * value;
      }
      const double n = static_cast<double>(noisy.values.size()), mean = sum / n;
      // cutting to 8 bits takes half a level from the mean and adds a twelfth of a squared one
      EXPECT_NEAR(mean, 0.5 - 0.5 / 255, 0.003) << NameOf(kind) << s;
      EXPECT_NEAR((squares / n - mean * mean) / (variance + 1 / 12. / 255 / 255), 1, 0.06)
          << NameOf(kind) << s;
    };
    check(Corruption::kGaussianNoise, sd[s - 1] * sd[s - 1]);
    check(Corruption::kShotNoise, 0.5 / photons[s - 1]);
    check(Corruption::kImpulseNoise, 0.25 * share[s - 1]);
    check(Corruption::kSpeckleNoise, 0.25 * speckle[s - 1] * speckle[s - 1]);
  }
}

TEST(Corruption, WorseSeveritiesAreFurtherAway) {
  for (const Corruption kind : All()) {
    std::array<double, kSeverities> distances{};
    for (int s = 1; s <= kSeverities; ++s)
      for (int64_t i = 0; i < 8; ++i) {
        const Raster image = Scene(3, 32, 32, static_cast<uint64_t>(i) + 50);
        distances[static_cast<size_t>(s - 1)] += Distance(Corrupted(kind, s, image, i), image);
      }
    switch (kind) {
      // The published table is not monotone in these: saturate first takes colour away and then adds it;
      // elastic's severity 1 is its largest affine jitter; frost 4 only darkens more than frost 3.
      case Corruption::kSaturate:
      case Corruption::kElasticTransform:
      case Corruption::kFrost:
        EXPECT_GT(distances[4], distances[1] / 2) << NameOf(kind);
        break;
      case Corruption::kGlassBlur:  // a wider blur leaves less to shuffle: only the second shuffle is worse
        EXPECT_GT(distances[3], distances[1]);
        EXPECT_GT(distances[4], distances[2]);
        break;
      default:
        for (size_t s = 1; s < distances.size(); ++s)
          EXPECT_GT(distances[s], distances[s - 1]) << NameOf(kind) << " " << s + 1;
    }
  }
}

TEST(Corruption, AnySizeGrayAndColorGivesEightBits) {
  for (const Corruption kind : All())
    for (const auto& [channels, height, width] :
         {std::array<int64_t, 3>{1, 8, 8}, {3, 13, 21}, {1, 40, 9}, {3, 11, 11}})
      for (int s = 1; s <= kSeverities; s += 2) {
        const Raster image = Scene(channels, height, width);
        const Raster result = Corrupted(kind, s, image);
        ASSERT_EQ(result.values.size(), image.values.size());
        for (const float value : result.values)
          ASSERT_TRUE(value >= 0 && value <= 1 && std::abs(value * 255 - std::round(value * 255)) < 1e-3)
              << NameOf(kind) << " " << s << ": " << value;
        for (const float value : {0.f, 1.f})
          for (const float each : Corrupted(kind, s, Constant(channels, height, width, value)).values)
            ASSERT_TRUE(each >= 0 && each <= 1) << NameOf(kind) << " on " << value;
      }
  EXPECT_THROW(Corrupted(Corruption::kFog, 0, Scene(1, 8, 8)), Error);
  EXPECT_THROW(Corrupted(Corruption::kFog, 6, Scene(1, 8, 8)), Error);
}

TEST(Corruption, DependsOnSeedAndIndexAlone) {
  const Raster image = Scene(1, 16, 16);
  for (const Corruption kind : All()) {
    EXPECT_EQ(Corrupted(kind, 3, image, 4).values, Corrupted(kind, 3, image, 4).values);
    using enum Corruption;
    const bool drawn = kind != kDefocusBlur && kind != kZoomBlur && kind != kBrightness &&
                       kind != kContrast && kind != kPixelate && kind != kJpegCompression &&
                       kind != kGaussianBlur && kind != kSaturate;
    EXPECT_EQ(Corrupted(kind, 3, image, 4).values != Corrupted(kind, 3, image, 5).values, drawn)
        << NameOf(kind);
    EXPECT_EQ(Corrupted(kind, 3, image).values != Corrupt(kind, 3, image, kSeed + 1, 0, Textures()).values,
              drawn);
  }
}

// The mean frequency, in cycles an image, of what is added to it (the method of Yin et al. 2019).
double MeanFrequency(Corruption kind) {
  constexpr int64_t n = 16;
  double power = 0, moment = 0;
  for (int64_t i = 0; i < 6; ++i)
    for (int s = 2; s <= 4; ++s) {
      const Raster image = Scene(1, n, n, static_cast<uint64_t>(i) + 80);
      const Raster corrupted = Corrupted(kind, s, image, i);
      for (int64_t u = 0; u < n; ++u)
        for (int64_t v = 0; v < n; ++v) {
          double re = 0, im = 0;
          for (int64_t y = 0; y < n; ++y)
            for (int64_t x = 0; x < n; ++x) {
              const double angle = 2 * std::numbers::pi * static_cast<double>(u * y + v * x) / n;
              const double added = corrupted.At(0, y, x) - image.At(0, y, x);
              re += added * std::cos(angle);
              im += added * std::sin(angle);
            }
          const double frequency =
              std::hypot(static_cast<double>(std::min(u, n - u)), static_cast<double>(std::min(v, n - v)));
          power += re * re + im * im;
          moment += (re * re + im * im) * frequency;
        }
    }
  return moment / power;
}

TEST(Corruption, FrequencyClassesAreOrdered) {
  double sum[3] = {}, count[3] = {};
  for (const Corruption kind : All())
    if (const auto frequency = FrequencyClassOf(kind)) {
      sum[static_cast<int>(*frequency)] += MeanFrequency(kind);
      ++count[static_cast<int>(*frequency)];
    }
  EXPECT_EQ(count[0] + count[1] + count[2], static_cast<double>(kMainCorruptions));
  EXPECT_LT(sum[0] / count[0], sum[1] / count[1]);
  EXPECT_LT(sum[1] / count[1], sum[2] / count[2]);
}

}  // namespace murine::corruption_test
