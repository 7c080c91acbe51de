// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "robustness/corruption_scene.h"

namespace murine::corruption_blur_test {

using namespace corruption;
using namespace corruption_scene;

TEST(Corruption, BlursAreTheirTwins) {
  const double sigmas[] = {.4, .6, .7, .8, 1};
  const double radii[] = {.3, .4, .5, 1, 1.5}, smooth[] = {.4, .5, .6, .2, .1};
  for (const int64_t channels : {1, 3})
    for (int s = 1; s <= kSeverities; ++s) {
      const Raster image = Scene(channels, 19, 23);
      Raster gaussian = image, defocus = image;
      // every kernel as a whole square, wider than any weight above zero
      const auto blur = [&](Raster& out, const auto& weight, const auto& fold) {
        for (int64_t c = 0; c < channels; ++c)
          for (int64_t y = 0; y < 19; ++y)
            for (int64_t x = 0; x < 23; ++x) {
              double sum = 0, weights = 0;
              for (int i = -8; i <= 8; ++i)
                for (int j = -8; j <= 8; ++j) {
                  const double w = weight(i, j);
                  if (w == 0) continue;
                  sum += w * image.At(c, fold(y + i, int64_t{19}), fold(x + j, int64_t{23}));
                  weights += w;
                }
              out.At(c, y, x) = static_cast<float>(sum / weights);
            }
      };
      const double sigma = sigmas[s - 1];
      const int cut = static_cast<int>(4 * sigma + 0.5);
      blur(
          gaussian,
          [&](int i, int j) {
            if (std::abs(i) > cut || std::abs(j) > cut) return 0.0;
            return std::exp(-(i * i + j * j) / (2 * sigma * sigma));
          },
          [](int64_t i, int64_t n) { return std::clamp<int64_t>(i, 0, n - 1); });
      ExpectSame(Corrupted(Corruption::kGaussianBlur, s, image), gaussian, "gaussian blur");
      const double a = smooth[s - 1], r = radii[s - 1];
      blur(
          defocus,
          [&](int i, int j) {
            double covered = 0;
            for (int di = -1; di <= 1; ++di)
              for (int dj = -1; dj <= 1; ++dj)
                if ((i + di) * (i + di) + (j + dj) * (j + dj) <= r * r)
                  covered += std::exp(-(di * di + dj * dj) / (2 * a * a));
            return covered;
          },
          [](int64_t i, int64_t n) { return i < 0    ? -i
                                            : i >= n ? 2 * n - 2 - i
                                                     : i; });
      ExpectSame(Corrupted(Corruption::kDefocusBlur, s, image), defocus, "defocus");
    }
}

TEST(Corruption, MotionBlurIsHalfAGaussianAlongALine) {
  const double radii[] = {6, 6, 6, 8, 9}, sigmas[] = {1, 1.5, 2, 2, 2.5};
  for (int s = 1; s <= kSeverities; ++s) {
    const Raster image = Scene(3, 17, 30, 4);
    const double angle = Stream(Corruption::kMotionBlur, s).Uniform(-45, 45) * std::numbers::pi / 180;
    Raster twin = image;
    for (int64_t c = 0; c < 3; ++c)
      for (int64_t y = 0; y < 17; ++y)
        for (int64_t x = 0; x < 30; ++x) {
          double sum = 0, weights = 0;
          for (int i = 0; i <= 2 * radii[s - 1]; ++i) {
            const double w = std::exp(-i * i / (2 * sigmas[s - 1] * sigmas[s - 1]));
            const auto at = [](int64_t from, double step, int64_t n) {
              return std::clamp<int64_t>(from + static_cast<int64_t>(std::ceil(step - 0.5)), 0, n - 1);
            };
            sum += w * image.At(c, at(y, i * std::sin(angle), 17), at(x, i * std::cos(angle), 30));
            weights += w;
          }
          twin.At(c, y, x) = static_cast<float>(std::round(sum / weights * 255) / 255);
        }
    ExpectSame(Corrupted(Corruption::kMotionBlur, s, image), twin, "motion");
  }
}

TEST(Corruption, ZoomBlurIsTheMeanOfZooms) {
  const int counts[] = {7, 12, 16, 21, 26};
  for (int s = 1; s <= kSeverities; ++s) {
    const int64_t h = 32, w = 25;
    const Raster image = Scene(1, h, w, 2);
    Raster twin = image;
    for (int k = 0; k < counts[s - 1]; ++k) {
      const double zoom = 1 + k / 100.0;
      // the middle part, blown up with its corners fixed, trimmed to the middle again
      const auto place = [&](int64_t i, int64_t n) {
        const auto part = static_cast<int64_t>(std::ceil(static_cast<double>(n) / zoom));
        const auto blown = static_cast<int64_t>(std::nearbyint(static_cast<double>(part) * zoom));
        return static_cast<double>((n - part) / 2) +
               static_cast<double>((i + (blown - n) / 2) * (part - 1)) / static_cast<double>(blown - 1);
      };
      for (int64_t y = 0; y < h; ++y)
        for (int64_t x = 0; x < w; ++x) {
          double value = 0;  // bilinear as a sum over every pixel's tent
          const double py = place(y, h), px = place(x, w);
          for (int64_t i = 0; i < h; ++i)
            for (int64_t j = 0; j < w; ++j)
              value += image.At(0, i, j) * std::max(0.0, 1 - std::abs(py - static_cast<double>(i))) *
                       std::max(0.0, 1 - std::abs(px - static_cast<double>(j)));
          twin.At(0, y, x) += static_cast<float>(value);
        }
    }
    for (float& value : twin.values) value /= static_cast<float>(counts[s - 1] + 1);
    ExpectSame(Corrupted(Corruption::kZoomBlur, s, image), twin, "zoom");
  }
}

TEST(Corruption, GlassOnlyMovesPixels) {
  Raster image = Scene(3, 20, 15);
  const Raster before = image;
  RandomStream stream(3, "glass");
  ShufflePixels(image, 1, stream);
  EXPECT_GT(Distance(image, before), 0.01);
  // whole pixels move: the multiset of colours stays
  const auto colors = [](const Raster& raster) {
    std::vector<std::array<float, 3>> all;
    for (int64_t y = 0; y < raster.height; ++y)
      for (int64_t x = 0; x < raster.width; ++x)
        all.push_back({raster.At(0, y, x), raster.At(1, y, x), raster.At(2, y, x)});
    std::sort(all.begin(), all.end());
    return all;
  };
  EXPECT_EQ(colors(image), colors(before));
  EXPECT_EQ(Corrupted(Corruption::kGlassBlur, 5, Constant(1, 9, 9, 0.6f)).values,
            Constant(1, 9, 9, 0.6f).values);
}

}  // namespace murine::corruption_blur_test
