// SPDX-License-Identifier: Apache-2.0
// Drops of water or mud on the lens.
#include <algorithm>
#include <array>
#include <cmath>

#include "robustness/corruption_parts.h"

namespace murine::corruption {
namespace {

struct Drops {
  float mean, sd;
  double blur;
  float threshold;
  double strength;  // of water; of mud: sigma of its edge, pixels
  enum { kWater, kMud } kind;
};

void Truncate(Raster& levels) {
  for (float& value : levels.values) value = std::floor(std::clamp(value, 0.f, 255.f));
}
void Round(Raster& levels) {
  for (float& value : levels.values) value = std::nearbyint(std::clamp(value, 0.f, 255.f));
}

Raster MeanOfNine(const Raster& image) {
  static constexpr std::array<double, 9> kKernel = {1 / 9., 1 / 9., 1 / 9., 1 / 9., 1 / 9.,
                                                    1 / 9., 1 / 9., 1 / 9., 1 / 9.};
  return Filter(image, kKernel, Border::kMirror);
}

// How much water is in front of each pixel: thick away from the drops' edges, lit from above on the left.
Raster Water(const Raster& liquid, float strength) {
  Raster levels = liquid;
  for (float& value : levels.values) value *= 255;
  Truncate(levels);
  Raster depth =
      MeanOfNine(ChamferDistance(CannyEdges(levels, 50, 150), levels.height, levels.width, /*most=*/20));
  Truncate(depth);
  EqualizeHistogram(depth);
  static constexpr std::array<double, 9> kLight = {-2, -1, 0, -1, 1, 1, 0, 1, 2};
  depth = Filter(depth, kLight, Border::kMirror);
  Round(depth);
  depth = MeanOfNine(depth);
  Round(depth);
  float most = 0;
  for (size_t i = 0; i < depth.values.size(); ++i) {
    depth.values[i] *= levels.values[i];
    most = std::max(most, depth.values[i]);
  }
  if (most == 0) return depth;
  for (float& value : depth.values) value *= strength / most;
  return depth;
}

Raster Mud(const Raster& liquid, const Drops& drops) {
  constexpr float kThinnest = 0.8f;
  Raster mud = liquid;
  for (float& value : mud.values) value = value > drops.threshold ? 1 : 0;
  mud = GaussianBlur(mud, {.sigma = drops.strength});
  for (float& value : mud.values) value = value < kThinnest ? 0 : value;
  return mud;
}

}  // namespace

std::vector<bool> CannyEdges(const Raster& levels, double low, double high) {
  const int64_t h = levels.height, w = levels.width;
  static constexpr std::array<double, 9> kSobelX = {-1, 0, 1, -2, 0, 2, -1, 0, 1};
  static constexpr std::array<double, 9> kSobelY = {-1, -2, -1, 0, 0, 0, 1, 2, 1};
  const Raster gx = Filter(levels, kSobelX, Border::kNearest), gy = Filter(levels, kSobelY, Border::kNearest);
  const auto magnitude = [&](int64_t y, int64_t x) {
    return y < 0 || x < 0 || y >= h || x >= w ? 0 : std::abs(gx.At(0, y, x)) + std::abs(gy.At(0, y, x));
  };
  // Thin: the largest across the edge. Then from the strong ones along the weak ones that touch them.
  constexpr float kTan22 = 0.41421356f, kTan67 = 2.41421356f;
  std::vector<bool> candidate(levels.values.size()), edge(levels.values.size());
  std::vector<std::pair<int64_t, int64_t>> open;
  for (int64_t y = 0; y < h; ++y)
    for (int64_t x = 0; x < w; ++x) {
      const float m = magnitude(y, x), ax = std::abs(gx.At(0, y, x)), ay = std::abs(gy.At(0, y, x));
      if (m <= static_cast<float>(low)) continue;
      bool thin = false;
      if (ay < kTan22 * ax) {
        thin = m > magnitude(y, x - 1) && m >= magnitude(y, x + 1);
      } else if (ay > kTan67 * ax) {
        thin = m > magnitude(y - 1, x) && m >= magnitude(y + 1, x);
      } else {
        const int64_t s = (gx.At(0, y, x) < 0) != (gy.At(0, y, x) < 0) ? -1 : 1;
        thin = m > magnitude(y - 1, x - s) && m > magnitude(y + 1, x + s);
      }
      if (!thin) continue;
      candidate[levels.Offset(0, y, x)] = true;
      if (m <= static_cast<float>(high)) continue;
      edge[levels.Offset(0, y, x)] = true;
      open.emplace_back(y, x);
    }
  while (!open.empty()) {
    const auto [y, x] = open.back();
    open.pop_back();
    for (int64_t i = std::max<int64_t>(y - 1, 0); i <= std::min(y + 1, h - 1); ++i)
      for (int64_t j = std::max<int64_t>(x - 1, 0); j <= std::min(x + 1, w - 1); ++j) {
        const size_t at = levels.Offset(0, i, j);
        if (!candidate[at] || edge[at]) continue;
        edge[at] = true;
        open.emplace_back(i, j);
      }
  }
  return edge;
}

Raster ChamferDistance(const std::vector<bool>& marks, int64_t height, int64_t width, double most) {
  constexpr float kStraight = 1, kDiagonal = 1.4f, kKnight = 2.1969f;
  struct Step {
    int64_t y, x;
    float length;
  };
  // The half of the neighbours that comes before a pixel; the other half is its mirror image.
  static constexpr Step kSteps[] = {{-1, -1, kDiagonal}, {-1, 0, kStraight}, {-1, 1, kDiagonal},
                                    {0, -1, kStraight},  {-2, -1, kKnight},  {-2, 1, kKnight},
                                    {-1, -2, kKnight},   {-1, 2, kKnight}};
  Raster distance(1, height, width);
  for (size_t i = 0; i < marks.size(); ++i) distance.values[i] = marks[i] ? 0 : static_cast<float>(most);
  const auto relax = [&](int64_t y, int64_t x, int64_t sign) {
    float& here = distance.At(0, y, x);
    for (const Step& step : kSteps) {
      const int64_t i = y + sign * step.y, j = x + sign * step.x;
      if (i >= 0 && j >= 0 && i < height && j < width)
        here = std::min(here, distance.At(0, i, j) + step.length);
    }
  };
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) relax(y, x, 1);
  for (int64_t y = height - 1; y >= 0; --y)
    for (int64_t x = width - 1; x >= 0; --x) relax(y, x, -1);
  return distance;
}

void EqualizeHistogram(Raster& levels) {
  std::array<size_t, 256> count{};
  const auto level = [](float value) { return static_cast<size_t>(std::clamp(value, 0.f, 255.f)); };
  for (const float value : levels.values) ++count[level(value)];
  const size_t darkest = static_cast<size_t>(
      std::find_if(count.begin(), count.end(), [](size_t n) { return n > 0; }) - count.begin());
  const size_t others = levels.values.size() - count[darkest];
  if (others == 0) return;
  std::array<float, 256> equal{};
  size_t sum = 0;
  for (size_t i = darkest + 1; i < count.size(); ++i) {
    sum += count[i];
    equal[i] = std::nearbyint(255 * static_cast<float>(sum) / static_cast<float>(others));
  }
  for (float& value : levels.values) value = equal[level(value)];
}

Raster Spatter(const Raster& image, int severity, RandomStream& stream) {
  static constexpr Drops kDrops[] = {{.62f, .1f, .7, .7f, .5, Drops::kWater},
                                     {.65f, .1f, .8, .7f, .5, Drops::kWater},
                                     {.65f, .3f, 1, .69f, .5, Drops::kWater},
                                     {.65f, .1f, .7, .69f, .6, Drops::kMud},
                                     {.65f, .1f, .5, .68f, .6, Drops::kMud}};
  constexpr float kTurquoise[] = {175 / 255.f, 238 / 255.f, 238 / 255.f};
  constexpr float kBrown[] = {63 / 255.f, 42 / 255.f, 20 / 255.f};
  const Drops& drops = At(kDrops, severity);
  Raster liquid(1, image.height, image.width);
  stream.FillNormal(liquid.values, drops.sd);
  for (float& value : liquid.values) value += drops.mean;
  liquid = GaussianBlur(liquid, {.sigma = drops.blur});
  for (float& value : liquid.values) value = value < drops.threshold ? 0 : value;
  const bool water = drops.kind == Drops::kWater;
  const Raster cover = water ? Water(liquid, static_cast<float>(drops.strength)) : Mud(liquid, drops);
  const float* color = water ? kTurquoise : kBrown;
  const float gray = kLuma[0] * color[0] + kLuma[1] * color[1] + kLuma[2] * color[2];
  Raster result = image;
  for (int64_t c = 0; c < image.channels; ++c)
    for (int64_t y = 0; y < image.height; ++y)
      for (int64_t x = 0; x < image.width; ++x) {
        const float share = cover.At(0, y, x), light = image.channels == 1 ? gray : color[c];
        result.At(c, y, x) = image.At(c, y, x) * (water ? 1 : 1 - share) + share * light;
      }
  return result;
}

}  // namespace murine::corruption
