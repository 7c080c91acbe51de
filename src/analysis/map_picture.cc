// SPDX-License-Identifier: Apache-2.0
#include "analysis/map_picture.h"

#include "io/color_scale.h"
#include "io/image_file.h"

namespace murine {

void WriteMapPicture(const std::filesystem::path& path, const Json& map) {
  Picture picture{map["height"].get<int64_t>(), map["width"].get<int64_t>(), 3, {}};
  for (const Json& value : map["mean"]) {
    const Rgb color = value.is_null() ? kNoColor : HeatColor(value.get<double>());
    picture.pixels.insert(picture.pixels.end(), color.begin(), color.end());
  }
  WritePng(path, picture);
}

}  // namespace murine
