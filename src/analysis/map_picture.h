// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "base/json.h"

namespace murine {

// A colour for a share in [0, 1], from dark blue to yellow: light grows evenly, so that it is read without
// colour, too.
std::array<uint8_t, 3> HeatColor(double share);

// Draws {height, width, mean} with values in [0, 1] as a PNG, one pixel a value; null is grey.
void WriteMapPicture(const std::filesystem::path& path, const Json& map);

}  // namespace murine
