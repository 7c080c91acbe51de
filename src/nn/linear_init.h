// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "nn/tensor.h"
#include "nn/torch.h"

namespace murine {

// A linear layer with weights uniform within 1 / sqrt(inputs) and no bias at first.
inline torch::nn::Linear DrawnLinear(int64_t inputs, int64_t outputs, const RandomStream& stream) {
  torch::NoGradGuard no_grad;
  torch::nn::Linear linear(inputs, outputs);
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  linear->weight.copy_(UniformTensor(linear->weight.sizes(), -bound, bound, stream));
  linear->bias.zero_();
  return linear;
}

}  // namespace murine
