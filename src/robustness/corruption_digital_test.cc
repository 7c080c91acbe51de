// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "io/image_file.h"
#include "robustness/corruption_scene.h"

namespace murine::corruption_digital_test {

using namespace corruption;
using namespace corruption_scene;

// Hue, saturation and value the way of the textbook (Smith 1978, doi 10.1145/800248.807361).
struct Hsv {
  double h, s, v;
};
Hsv ToHsv(double r, double g, double b) {
  const double v = std::max({r, g, b}), delta = v - std::min({r, g, b});
  double h = 0;
  if (delta > 0) {
    if (v == r)
      h = (g - b) / delta;
    else if (v == g)
      h = 2 + (b - r) / delta;
    else
      h = 4 + (r - g) / delta;
    h = h < 0 ? h + 6 : h;
  }
  return {h, v > 0 ? delta / v : 0, v};
}
std::array<double, 3> ToRgb(const Hsv& color) {
  const int sector = static_cast<int>(color.h) % 6;
  const double f = color.h - std::floor(color.h), v = color.v;
  const double p = v * (1 - color.s), q = v * (1 - color.s * f), t = v * (1 - color.s * (1 - f));
  const std::array<double, 3> sectors[] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  return sectors[sector];
}

TEST(Corruption, ColorsGoThroughHsv) {
  const double plus[] = {.05, .1, .15, .2, .3}, times[] = {.3, .1, 1.5, 2, 2.5}, added[] = {0, 0, 0, .1, .2};
  for (int s = 1; s <= kSeverities; ++s) {
    Raster image = Scene(3, 16, 16, 7);
    for (int64_t c = 0; c < 3; ++c) image.At(c, 0, 0) = 0, image.At(c, 0, 1) = 0.5f;  // black, gray
    Raster bright = image, saturated = image;
    for (int64_t y = 0; y < 16; ++y)
      for (int64_t x = 0; x < 16; ++x) {
        const Hsv color = ToHsv(image.At(0, y, x), image.At(1, y, x), image.At(2, y, x));
        const auto brighter = ToRgb({color.h, color.s, std::min(1.0, color.v + plus[s - 1])});
        const auto richer =
            ToRgb({color.h, std::clamp(color.s * times[s - 1] + added[s - 1], 0.0, 1.0), color.v});
        for (size_t c = 0; c < 3; ++c) {
          bright.At(static_cast<int64_t>(c), y, x) = static_cast<float>(brighter[c]);
          saturated.At(static_cast<int64_t>(c), y, x) = static_cast<float>(richer[c]);
        }
      }
    ExpectSame(Corrupted(Corruption::kBrightness, s, image), bright, "brightness");
    ExpectSame(Corrupted(Corruption::kSaturate, s, image), saturated, "saturate");
    // gray: three equal channels, then their luma
    const Raster gray = Scene(1, 16, 16, 7);
    Raster wide(3, 16, 16), luma = gray;
    for (size_t i = 0; i < wide.values.size(); ++i) wide.values[i] = gray.values[i % gray.values.size()];
    const Raster wide_saturated = Saturate(wide, s);
    for (int64_t y = 0; y < 16; ++y)
      for (int64_t x = 0; x < 16; ++x) luma.At(0, y, x) = LumaAt(wide_saturated, y, x);
    ExpectSame(Corrupted(Corruption::kSaturate, s, gray), luma, "gray saturate");
  }
}

TEST(Corruption, ContrastPullsEachChannelToItsMean) {
  const double kept[] = {.75, .5, .4, .3, .15};
  const Raster image = Scene(3, 12, 14, 3);
  for (int s = 1; s <= kSeverities; ++s) {
    Raster twin = image;
    for (int64_t c = 0; c < 3; ++c) {
      double mean = 0;
      for (int64_t i = 0; i < 12 * 14; ++i) mean += image.At(c, i / 14, i % 14) / (12 * 14.0);
      for (int64_t i = 0; i < 12 * 14; ++i)
        twin.At(c, i / 14, i % 14) =
            static_cast<float>(mean + kept[s - 1] * (image.At(c, i / 14, i % 14) - mean));
    }
    ExpectSame(Corrupted(Corruption::kContrast, s, image), twin, "contrast");
  }
}

TEST(Corruption, PixelateShrinksAndGrowsByBoxes) {
  const double shares[] = {.95, .9, .85, .75, .65};
  const int64_t h = 32, w = 21;
  const Raster image = Scene(1, h, w, 9);
  for (int s = 1; s <= kSeverities; ++s) {
    // one axis at a time: first and last pixel of each box, their plain mean, 8 bits
    const auto resize = [](const std::vector<double>& line, int64_t to) {
      std::vector<double> result;
      const double scale = static_cast<double>(line.size()) / static_cast<double>(to);
      const double reach = 0.5 * std::max(scale, 1.0);
      for (int64_t o = 0; o < to; ++o) {
        const double center = (static_cast<double>(o) + 0.5) * scale;
        const auto first = static_cast<size_t>(std::max(0.0, std::floor(center - reach + 0.5)));
        const auto end = std::min(line.size(), static_cast<size_t>(center + reach + 0.5));
        double sum = 0;
        for (size_t i = first; i < end; ++i) sum += line[i];
        result.push_back(std::round(sum / static_cast<double>(end - first)));
      }
      return result;
    };
    const auto both = [&](std::vector<std::vector<double>> rows, int64_t to_h, int64_t to_w) {
      for (auto& row : rows) row = resize(row, to_w);
      std::vector<std::vector<double>> result(static_cast<size_t>(to_h),
                                              std::vector<double>(static_cast<size_t>(to_w)));
      for (size_t x = 0; x < static_cast<size_t>(to_w); ++x) {
        std::vector<double> column;
        for (const auto& row : rows) column.push_back(row[x]);
        column = resize(column, to_h);
        for (size_t y = 0; y < column.size(); ++y) result[y][x] = column[y];
      }
      return result;
    };
    std::vector<std::vector<double>> rows(static_cast<size_t>(h));
    for (int64_t y = 0; y < h; ++y)
      for (int64_t x = 0; x < w; ++x) rows[static_cast<size_t>(y)].push_back(255.0 * image.At(0, y, x));
    const auto small = [&](int64_t side) {
      return static_cast<int64_t>(static_cast<double>(side) * shares[s - 1]);
    };
    rows = both(both(rows, small(h), small(w)), h, w);
    Raster twin(1, h, w);
    for (int64_t y = 0; y < h; ++y)
      for (int64_t x = 0; x < w; ++x)
        twin.At(0, y, x) = static_cast<float>(rows[static_cast<size_t>(y)][static_cast<size_t>(x)] / 255);
    EXPECT_EQ(Distance(Corrupted(Corruption::kPixelate, s, image), twin) < 1e-6, true) << s;
  }
}

TEST(Corruption, JpegIsAJpeg) {
  const int qualities[] = {80, 65, 58, 50, 40};
  for (const int64_t channels : {1, 3})
    for (int s = 1; s <= kSeverities; ++s) {
      const Raster image = Scene(channels, 15, 18, 3);
      Picture picture{15, 18, channels, {}};
      for (int64_t y = 0; y < 15; ++y)
        for (int64_t x = 0; x < 18; ++x)
          for (int64_t c = 0; c < channels; ++c)
            picture.pixels.push_back(static_cast<uint8_t>(std::lround(255 * image.At(c, y, x))));
      const Picture decoded = DecodeJpeg(EncodeJpeg(picture, qualities[s - 1]), "test");
      const Raster got = Corrupted(Corruption::kJpegCompression, s, image);
      for (int64_t y = 0; y < 15; ++y)
        for (int64_t x = 0; x < 18; ++x)
          for (int64_t c = 0; c < channels; ++c)
            ASSERT_NEAR(got.At(c, y, x) * 255,
                        decoded.pixels[static_cast<size_t>((y * 18 + x) * channels + c)], 1e-3);
    }
}

TEST(Corruption, ElasticTransformMovesItsThreePoints) {
  // An image that says where each pixel is, and a transform without displacements: severity 1.
  const int64_t side = 32;
  Raster places(2, side, side);
  for (int64_t y = 0; y < side; ++y)
    for (int64_t x = 0; x < side; ++x) {
      places.At(0, y, x) = static_cast<float>(x);
      places.At(1, y, x) = static_cast<float>(y);
    }
  const double before[3][2] = {{26, 26}, {26, 6}, {6, 6}};
  for (uint64_t trial = 0; trial < 10; ++trial) {
    RandomStream stream(trial, "elastic"), again(trial, "elastic");
    const Raster moved = ElasticTransform(places, 1, stream);
    for (const auto& [x, y] : before) {
      const double jitter = 0.08 * 32, to_x = x + again.Uniform(-jitter, jitter),
                   to_y = y + again.Uniform(-jitter, jitter);
      EXPECT_NEAR(Sample(moved, 0, to_y, to_x, Border::kNearest), x, 1e-3);
      EXPECT_NEAR(Sample(moved, 1, to_y, to_x, Border::kNearest), y, 1e-3);
    }
  }
  // The variance of smoothed U(-1, 1): a third of the sum of squared weights, here that of a wide Gaussian.
  RandomStream stream(1, "field");
  const double sigma = 2, amplitude = 5;
  const Raster field = ElasticField(300, 300, amplitude, sigma, stream);
  double squares = 0;
  for (const float value : field.values) squares += double{value} * value;
  const double expected = amplitude * amplitude / 3 / (4 * std::numbers::pi * sigma * sigma);
  EXPECT_NEAR(squares / static_cast<double>(field.values.size()) / expected, 1, 0.1);
}

}  // namespace murine::corruption_digital_test
