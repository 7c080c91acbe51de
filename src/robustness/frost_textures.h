// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "robustness/raster.h"

namespace murine {

struct FrostTextures {
  std::vector<Raster> textures;  // colour, at least height x width
  std::string hash;              // SHA-256 over the files, in the order of their names
};

// Every PNG and JPEG of the folder, reduced to a fifth of its size as CIFAR-10-C does with its photographs,
// and every npy array (u8 [h, w, 3], taken for reduced already), bilinear without antialiasing; less reduced
// where a fifth would not cover the image. Errors: no such folder, nothing in it, an array of another shape.
FrostTextures ReadFrostTextures(const std::filesystem::path& folder, int64_t height, int64_t width);

}  // namespace murine
