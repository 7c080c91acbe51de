// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "robustness/corruption_parts.h"

namespace murine::corruption {

float LumaAt(const Raster& image, int64_t y, int64_t x) {
  if (image.channels == 1) return image.At(0, y, x);
  return kLuma[0] * image.At(0, y, x) + kLuma[1] * image.At(1, y, x) + kLuma[2] * image.At(2, y, x);
}

// Flakes that fall, and the same turned by half a circle; the scene whitens.
Raster Snow(const Raster& image, int severity, RandomStream& stream) {
  struct Flakes {
    float mean, sd;
    double zoom;
    float threshold;
    int radius;
    double sigma;
    float keep;
  };
  static constexpr Flakes kFlakes[] = {{.1f, .2f, 1, .6f, 8, 3, .95f},
                                       {.1f, .2f, 1, .5f, 10, 4, .9f},
                                       {.15f, .3f, 1.75, .55f, 10, 4, .9f},
                                       {.25f, .3f, 2.25, .6f, 12, 6, .85f},
                                       {.3f, .3f, 1.25, .65f, 14, 12, .8f}};
  const Flakes& flakes = At(kFlakes, severity);
  Raster layer(1, image.height, image.width);
  stream.FillNormal(layer.values, flakes.sd);
  for (float& value : layer.values) value += flakes.mean;
  layer = ZoomIn(layer, flakes.zoom);
  for (float& value : layer.values) value = value < flakes.threshold ? 0 : std::min(value, 1.f);
  layer = MotionBlur(layer, {flakes.radius, flakes.sigma, stream.Uniform(-135, -45)});
  Raster result = image;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x) {
      const float white = 1.5f * LumaAt(image, y, x) + 0.5f;
      const float snow = layer.At(0, y, x) + layer.At(0, image.height - 1 - y, image.width - 1 - x);
      for (int64_t c = 0; c < image.channels; ++c) {
        float& value = result.At(c, y, x);
        value = flakes.keep * value + (1 - flakes.keep) * std::max(value, white) + snow;
      }
    }
  return result;
}

Raster Frost(const Raster& image, int severity, RandomStream& stream, std::span<const Raster> textures) {
  struct Mix {
    float image, frost;
  };
  static constexpr Mix kMixes[] = {{1, .2f}, {1, .3f}, {.9f, .4f}, {.85f, .4f}, {.75f, .45f}};
  const Mix mix = At(kMixes, severity);
  if (textures.empty()) throw Error({.what = "frost needs textures"});
  const Raster& texture = textures[stream.Below(textures.size())];
  if (texture.channels != 3 || texture.height < image.height || texture.width < image.width)
    throw Error({.what = "frost texture smaller than the image, or without colour"});
  const auto top =
      static_cast<int64_t>(stream.Below(static_cast<uint64_t>(texture.height - image.height + 1)));
  const auto left =
      static_cast<int64_t>(stream.Below(static_cast<uint64_t>(texture.width - image.width + 1)));
  Raster result = image;
  for (int64_t c = 0; c < image.channels; ++c)
    for (int64_t y = 0; y < image.height; ++y)
      for (int64_t x = 0; x < image.width; ++x) {
        const float frost =
            image.channels == 3 ? texture.At(c, top + y, left + x) : LumaAt(texture, top + y, left + x);
        result.At(c, y, x) = mix.image * image.At(c, y, x) + mix.frost * frost;
      }
  return result;
}

Raster Plasma(int64_t height, int64_t width, double decay, RandomStream& stream) {
  const auto side = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(std::max(height, width))));
  std::vector<double> map(static_cast<size_t>(side * side));
  const auto at = [&](int64_t y, int64_t x) -> double& {
    return map[static_cast<size_t>(((y + side) % side) * side + (x + side) % side)];
  };
  double amplitude = 1;
  for (int64_t step = side; step >= 2; step /= 2, amplitude /= decay * decay) {
    const int64_t half = step / 2;
    const auto draw = [&] { return amplitude * stream.Uniform(-1, 1); };
    for (int64_t y = 0; y < side; y += step)  // the middles of squares
      for (int64_t x = 0; x < side; x += step)
        at(y + half, x + half) =
            (at(y, x) + at(y + step, x) + at(y, x + step) + at(y + step, x + step)) / 4 + draw();
    for (int64_t y = 0; y < side; y += step)  // the middles of their edges
      for (int64_t x = 0; x < side; x += step) {
        at(y, x + half) =
            (at(y, x) + at(y, x + step) + at(y - half, x + half) + at(y + half, x + half)) / 4 + draw();
        at(y + half, x) =
            (at(y, x) + at(y + step, x) + at(y + half, x - half) + at(y + half, x + half)) / 4 + draw();
      }
  }
  const auto [low, high] = std::minmax_element(map.begin(), map.end());
  const double least = *low, range = *high - *low;
  Raster plasma(1, height, width);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      plasma.At(0, y, x) = static_cast<float>(range > 0 ? (at(y, x) - least) / range : 0);
  return plasma;
}

Raster Fog(const Raster& image, int severity, RandomStream& stream) {
  struct Air {
    float density;
    double decay;
  };
  static constexpr Air kAir[] = {{.2f, 3}, {.5f, 3}, {.75f, 2.5}, {1, 2}, {1.5f, 1.75}};
  const Air air = At(kAir, severity);
  const float brightest = *std::max_element(image.values.begin(), image.values.end());
  const Raster plasma = Plasma(image.height, image.width, air.decay, stream);
  Raster result = image;
  for (int64_t c = 0; c < image.channels; ++c)
    for (int64_t y = 0; y < image.height; ++y)
      for (int64_t x = 0; x < image.width; ++x)
        result.At(c, y, x) =
            (image.At(c, y, x) + air.density * plasma.At(0, y, x)) * brightest / (brightest + air.density);
  return result;
}

}  // namespace murine::corruption
