// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"

namespace murine {

// Draws {height, width, mean} with values in [0, 1] as a PNG, one pixel a value; null is grey.
void WriteMapPicture(const std::filesystem::path& path, const Json& map);

}  // namespace murine
