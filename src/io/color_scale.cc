// SPDX-License-Identifier: Apache-2.0
#include "io/color_scale.h"

#include <algorithm>
#include <cmath>

namespace murine {
namespace {

Rgb Between(const Rgb& a, const Rgb& b, double part) {
  Rgb color{};
  for (size_t c = 0; c < 3; ++c)
    color[c] = static_cast<uint8_t>(std::lround((1 - part) * a[c] + part * b[c]));
  return color;
}

}  // namespace

Rgb HeatColor(double share) {
  static constexpr std::array<Rgb, 5> kColors{
      {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}};
  const double place = std::clamp(share, 0.0, 1.0) * (kColors.size() - 1);
  const size_t below = std::min(static_cast<size_t>(place), kColors.size() - 2);
  return Between(kColors[below], kColors[below + 1], place - static_cast<double>(below));
}

Rgb DivergingColor(double value) {
  static constexpr Rgb kLow{33, 102, 172}, kMiddle{247, 247, 247}, kHigh{178, 24, 43};
  const double clamped = std::clamp(value, -1.0, 1.0);
  return Between(kMiddle, clamped < 0 ? kLow : kHigh, std::abs(clamped));
}

}  // namespace murine
