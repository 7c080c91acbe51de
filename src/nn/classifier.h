// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "nn/torch.h"

namespace murine {

// A trained network as evaluation and attacks see it: in evaluation mode, its weights constant, its input
// scaling inside. `logits` maps images [n, channels, height, width] in [0, 1] to [n, classes] and is
// differentiable in them.
struct Classifier {
  std::function<torch::Tensor(const torch::Tensor& images)> logits;
  int64_t classes = 0, channels = 1, height = 0, width = 0;
  std::string description;  // what was loaded and how inputs are scaled
  std::string hash;         // SHA-256 of the weights' file
};

}  // namespace murine
