// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "data/image_set.h"

namespace murine {

// PNG and JPEG files of one size in the order of their names: images of one folder (no labels), or class
// folders (labels in the order of the folders' names). Gray only when every image is gray.
ImageSet ReadImageFolder(const std::filesystem::path& folder);

}  // namespace murine
