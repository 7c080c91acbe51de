// SPDX-License-Identifier: Apache-2.0
#include "analysis/map_picture.h"

#include <algorithm>
#include <cmath>

#include "io/image_file.h"

namespace murine {

std::array<uint8_t, 3> HeatColor(double share) {
  static constexpr std::array<std::array<double, 3>, 5> kColors{
      {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}};
  const double place = std::clamp(share, 0.0, 1.0) * (kColors.size() - 1);
  const size_t below = std::min(static_cast<size_t>(place), kColors.size() - 2);
  const double part = place - static_cast<double>(below);
  std::array<uint8_t, 3> color{};
  for (size_t c = 0; c < 3; ++c)
    color[c] =
        static_cast<uint8_t>(std::lround((1 - part) * kColors[below][c] + part * kColors[below + 1][c]));
  return color;
}

void WriteMapPicture(const std::filesystem::path& path, const Json& map) {
  Picture picture{map["height"].get<int64_t>(), map["width"].get<int64_t>(), 3, {}};
  for (const Json& value : map["mean"]) {
    const std::array<uint8_t, 3> color =
        value.is_null() ? std::array<uint8_t, 3>{128, 128, 128} : HeatColor(value.get<double>());
    picture.pixels.insert(picture.pixels.end(), color.begin(), color.end());
  }
  WritePng(path, picture);
}

}  // namespace murine
