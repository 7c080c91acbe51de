// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "data/image_set.h"

namespace murine {

// MNIST and Fashion-MNIST: {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] in `folder`, gzipped or not.
ImageSet ReadIdx(const std::filesystem::path& folder, Split split);

}  // namespace murine
