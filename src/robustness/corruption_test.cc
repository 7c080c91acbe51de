// SPDX-License-Identifier: Apache-2.0
#include "robustness/corruption.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "data/dead_leaves.h"
#include "io/image_file.h"
#include "robustness/corruption_parts.h"

namespace murine::corruption_test {

using namespace corruption;

constexpr float kLevel = 1 / 255.f;
constexpr uint64_t kSeed = 5;

// Natural enough: occluding disks of all sizes; channels that differ.
Raster Scene(int64_t channels, int64_t height, int64_t width, uint64_t seed = 1) {
  Raster scene(channels, height, width);
  const ImageSet leaves = DeadLeaves(channels, height, width, seed);
  for (int64_t c = 0; c < channels; ++c)
    leaves.CopyTo(c, std::span(scene.values).subspan(static_cast<size_t>(c * height * width)));
  return scene;
}

Raster Constant(int64_t channels, int64_t height, int64_t width, float value) {
  Raster raster(channels, height, width);
  std::fill(raster.values.begin(), raster.values.end(), value);
  return raster;
}

// Colour from 0 to 1 in all channels, a different one at every place.
std::vector<Raster> Textures() { return {Scene(3, 40, 44, 11), Scene(3, 45, 41, 12)}; }

Raster Corrupted(Corruption kind, int severity, const Raster& image, int64_t index = 0) {
  return Corrupt(kind, severity, image, kSeed, index, Textures());
}

RandomStream Stream(Corruption kind, int severity, int64_t index = 0) {
  return RandomStream(kSeed, "corruption/" + std::string(NameOf(kind)), static_cast<uint64_t>(severity),
                      static_cast<uint64_t>(index));
}

double Distance(const Raster& a, const Raster& b) {
  double sum = 0;
  for (size_t i = 0; i < a.values.size(); ++i)
    sum += (double{a.values[i]} - b.values[i]) * (double{a.values[i]} - b.values[i]);
  return std::sqrt(sum / static_cast<double>(a.values.size()));
}

// Cut to 8 bits as Corrupt does; one level where the twin's arithmetic falls on the other side of it.
void ExpectSame(const Raster& got, const Raster& twin, const char* what) {
  ASSERT_EQ(got.values.size(), twin.values.size());
  int64_t off = 0;
  for (size_t i = 0; i < got.values.size(); ++i) {
    const float cut = std::floor(std::clamp(twin.values[i], 0.f, 1.f) * 255 + 1e-3f) / 255;
    ASSERT_NEAR(got.values[i], cut, kLevel * 1.01f) << what << " at " << i;
    off += std::abs(got.values[i] - cut) > kLevel / 2;
  }
  EXPECT_LT(off, static_cast<int64_t>(got.values.size()) / 50) << what;
}

std::vector<Corruption> All() {
  std::vector<Corruption> all;
  for (const auto& [kind, name] : EnumNames(Corruption{})) all.push_back(kind);
  return all;
}

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
