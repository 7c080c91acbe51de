// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "nn/classifier.h"

namespace murine {

enum class ForeignCode { kRefuse, kRun };

struct LoadClassifierOptions {
  // Of models whose file does not say: how inputs are scaled, "MEAN,...:SD,..." (one or a channel each) or
  // "none", and the first layers, "7x7" or "imagenet".
  std::string normalize = {}, stem = {};
  ForeignCode code = ForeignCode::kRefuse;
  // Of the images to come, for models that take any.
  int64_t channels = 1, height = 0, width = 0;
};

// A run folder (its model.safetensors), a safetensors ResNet of murine's or of anyone's with torchvision's
// names, or a TorchScript file (images in [0, 1] in, logits out), which is code and runs only where that is
// allowed. Errors: missing, not a classifier, what the file does not say and options do not either, or both.
Classifier LoadClassifier(const std::filesystem::path& path, const LoadClassifierOptions& options);

}  // namespace murine
