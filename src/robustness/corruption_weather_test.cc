// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "robustness/corruption_scene.h"

namespace murine::corruption_weather_test {

using namespace corruption;
using namespace corruption_scene;

TEST(Corruption, SnowIsTheSameUpsideDown) {
  for (int s = 1; s <= kSeverities; ++s) {
    // on black, what is added is white haze and the two layers: the same after half a turn
    const Raster snow = Corrupted(Corruption::kSnow, s, Constant(1, 21, 32, 0));
    std::vector<float> turned(snow.values.rbegin(), snow.values.rend());
    for (size_t i = 0; i < turned.size(); ++i) ASSERT_NEAR(snow.values[i], turned[i], kLevel * 1.01f);
    // values above the threshold, each on two layers; blurring keeps their sum but for the edges
    struct {
      double mean, sd, threshold, keep;
    } const flakes[] = {
        {.1, .2, .6, .95}, {.1, .2, .5, .9}, {.15, .3, .55, .9}, {.25, .3, .6, .85}, {.3, .3, .65, .8}};
    if (s > 2) continue;  // a zoomed layer is a smoothed one
    const auto& [mean, sd, threshold, keep] = flakes[s - 1];
    const double z = (threshold - mean) / sd;
    const double expected = mean * std::erfc(z / std::numbers::sqrt2) / 2 +
                            sd * std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    double sum = 0;
    int64_t n = 0;
    for (uint64_t index = 0; index < 20; ++index) {
      RandomStream stream(index, "snow");
      for (const float value : Snow(Constant(1, 32, 32, 0), s, stream).values) {
        sum += value - (1 - keep) * 0.5;
        ++n;
      }
    }
    EXPECT_NEAR(sum / static_cast<double>(n) / (2 * expected), 1, 0.2) << s;
  }
}

TEST(Corruption, FrostMixesAWindowOfATexture) {
  const float image_share[] = {1, 1, .9f, .85f, .75f}, frost_share[] = {.2f, .3f, .4f, .4f, .45f};
  // a texture that says where each of its pixels is
  Raster places(3, 30, 28);
  for (int64_t y = 0; y < 30; ++y)
    for (int64_t x = 0; x < 28; ++x) {
      places.At(0, y, x) = static_cast<float>(y) / 100;
      places.At(1, y, x) = static_cast<float>(x) / 100;
    }
  const Raster image = Constant(3, 10, 12, 0.2f);
  for (int s = 1; s <= kSeverities; ++s) {
    RandomStream stream(9, "frost", 0, static_cast<uint64_t>(s));
    const Raster frosted = Frost(image, s, stream, std::span(&places, 1));
    const float rest = image_share[s - 1] * 0.2f, scale = frost_share[s - 1] / 100;
    const float top = (frosted.At(0, 0, 0) - rest) / scale, left = (frosted.At(1, 0, 0) - rest) / scale;
    EXPECT_NEAR(top, std::round(top), 1e-3);
    EXPECT_TRUE(top > -0.5f && top < 20.5f && left > -0.5f && left < 16.5f);
    for (int64_t y = 0; y < 10; ++y)
      for (int64_t x = 0; x < 12; ++x) {
        ASSERT_NEAR(frosted.At(0, y, x), rest + scale * (top + static_cast<float>(y)), 1e-5);
        ASSERT_NEAR(frosted.At(1, y, x), rest + scale * (left + static_cast<float>(x)), 1e-5);
      }
  }
  EXPECT_THROW(Corrupt(Corruption::kFrost, 1, image, 0, 0, {}), Error);
  EXPECT_THROW(Corrupt(Corruption::kFrost, 1, Constant(3, 99, 9, 0), 0, 0, std::span(&places, 1)), Error);
}

TEST(Corruption, FogIsPlasmaThatReachesFromNoneToAll) {
  const float density[] = {.2f, .5f, .75f, 1, 1.5f};
  for (int s = 1; s <= kSeverities; ++s) {
    const Raster fog = Corrupted(Corruption::kFog, s, Constant(1, 32, 32, 0.8f));
    const auto [low, high] = std::minmax_element(fog.values.begin(), fog.values.end());
    EXPECT_NEAR(*low, 0.8f * 0.8f / (0.8f + density[s - 1]), kLevel);
    EXPECT_NEAR(*high, 0.8f, kLevel);
  }
  // With an amplitude that falls by decay^2 an octave, variograms at distances 8 and 2 differ by about
  // decay^8: rougher with a lesser decay.
  const auto roughness = [](double decay) {
    double near = 0, far = 0;
    for (uint64_t i = 0; i < 20; ++i) {
      RandomStream stream(i, "plasma");
      const Raster plasma = Plasma(32, 32, decay, stream);
      for (int64_t y = 0; y < 32; ++y)
        for (int64_t x = 0; x < 24; ++x) {
          near += std::pow(plasma.At(0, y, x) - plasma.At(0, y, x + 2), 2);
          far += std::pow(plasma.At(0, y, x) - plasma.At(0, y, x + 8), 2);
        }
    }
    return near / far;
  };
  EXPECT_LT(roughness(3), roughness(2));
  EXPECT_LT(roughness(2), roughness(1.2));
  EXPECT_GT(roughness(1), 0.4);  // every octave alike: close to white
}

TEST(Corruption, SpatterFindsEdgesAndDistances) {
  // a bright square: its outline, one pixel thick, closed
  Raster square = Constant(1, 20, 20, 10);
  for (int64_t y = 6; y < 14; ++y)
    for (int64_t x = 6; x < 14; ++x) square.At(0, y, x) = 200;
  const std::vector<bool> edges = CannyEdges(square, 50, 150);
  int64_t count = 0;
  for (int64_t y = 0; y < 20; ++y)
    for (int64_t x = 0; x < 20; ++x) {
      if (!edges[square.Offset(0, y, x)]) continue;
      ++count;
      const int64_t out = std::max({6 - y, y - 13, 6 - x, x - 13});
      EXPECT_TRUE(out == 0 || out == 1) << y << ", " << x;
    }
  EXPECT_TRUE(count >= 28 && count <= 36) << count;
  // weak slopes count where they touch strong ones, and nowhere else
  Raster weak = Constant(1, 12, 30, 0);
  for (int64_t y = 0; y < 12; ++y)
    for (int64_t x = 0; x < 30; ++x) weak.At(0, y, x) = x < 10 ? 0.f : x < 20 ? 25.f : (y < 4 ? 90.f : 45.f);
  const std::vector<bool> lines = CannyEdges(weak, 50, 150);
  EXPECT_FALSE(lines[weak.Offset(0, 6, 10)] || lines[weak.Offset(0, 6, 9)]);
  EXPECT_TRUE(lines[weak.Offset(0, 10, 19)] || lines[weak.Offset(0, 10, 20)]);

  std::vector<bool> marks(30 * 40);
  RandomStream stream(1, "marks");
  for (int i = 0; i < 12; ++i) marks[stream.Below(marks.size())] = true;
  const Raster distance = ChamferDistance(marks, 30, 40, 20);
  for (int64_t y = 0; y < 30; ++y)
    for (int64_t x = 0; x < 40; ++x) {
      double least = 20;
      for (int64_t i = 0; i < 30 * 40; ++i)
        if (marks[static_cast<size_t>(i)])
          least =
              std::min(least, std::hypot(static_cast<double>(i / 40 - y), static_cast<double>(i % 40 - x)));
      ASSERT_NEAR(distance.At(0, y, x), least, 0.025 * least + 1e-4);
    }

  Raster levels(1, 16, 16);
  for (size_t i = 0; i < 256; ++i)
    levels.values[i] = std::floor(static_cast<float>(i * i) / 512);  // crowded at the dark end
  const std::vector<float> before = levels.values;
  EqualizeHistogram(levels);
  // the share of the values that are no brighter, the darkest not counted
  const auto darkest = static_cast<double>(std::count(before.begin(), before.end(), 0.f));
  for (size_t i = 0; i < 256; ++i) {
    const auto rank = static_cast<double>(
        std::count_if(before.begin(), before.end(), [&](float value) { return value <= before[i]; }));
    ASSERT_NEAR(levels.values[i], 255 * (rank - darkest) / (256 - darkest), 0.51);
  }
}

TEST(Corruption, SpatterAddsWaterAndMud) {
  const Raster image = Scene(3, 32, 32);
  for (int s = 1; s <= 3; ++s) {  // water: some of one light colour
    const Raster wet = Corrupted(Corruption::kSpatter, s, image);
    int64_t touched = 0;
    for (int64_t i = 0; i < 32 * 32; ++i) {
      const int64_t y = i / 32, x = i % 32;
      for (int64_t c = 0; c < 3; ++c) ASSERT_GE(wet.At(c, y, x), image.At(c, y, x) - kLevel);
      touched += wet.At(1, y, x) > image.At(1, y, x) + 2 * kLevel;
      const float more = wet.At(1, y, x) - image.At(1, y, x);
      if (wet.At(1, y, x) < 0.99f && wet.At(2, y, x) < 0.99f) {
        ASSERT_NEAR(wet.At(2, y, x) - image.At(2, y, x), more, 2 * kLevel);
      }
    }
    EXPECT_TRUE(touched > 20 && touched < 900) << touched;
  }
  const Raster muddy = Corrupted(Corruption::kSpatter, 5, image);
  int64_t brown = 0, clean = 0;
  for (int64_t i = 0; i < 32 * 32; ++i) {
    const int64_t y = i / 32, x = i % 32;
    clean += muddy.At(0, y, x) == image.At(0, y, x) && muddy.At(1, y, x) == image.At(1, y, x);
    brown +=
        std::abs(muddy.At(0, y, x) - 63 / 255.f) < 0.1f && std::abs(muddy.At(2, y, x) - 20 / 255.f) < 0.1f;
  }
  EXPECT_GT(clean, 200);
  EXPECT_GT(brown, 20);
}

}  // namespace murine::corruption_weather_test
