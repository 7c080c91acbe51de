// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "data/image_set.h"

namespace murine {

// The binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky 2009), in colour. CIFAR-100: fine labels.
ImageSet ReadCifar10(const std::filesystem::path& folder, Split split);
ImageSet ReadCifar100(const std::filesystem::path& folder, Split split);

}  // namespace murine
