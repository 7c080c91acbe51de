// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "nn/classifier.h"

namespace murine {

// A run folder (its model.safetensors) or a safetensors ResNet of murine's. Errors: missing, not a
// classifier.
Classifier LoadClassifier(const std::filesystem::path& path);

}  // namespace murine
