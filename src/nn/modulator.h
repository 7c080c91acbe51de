// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/torch.h"

namespace murine {

// From behaviour [n, 3] to a positive gain of each neuron [n, neurons]: 3 -> 16 -> neurons, elu + 1.
class ModulatorImpl : public torch::nn::Module {
 public:
  ModulatorImpl(int64_t neurons, uint64_t seed);  // weights from (seed, "modulator/NAME")
  torch::Tensor forward(const torch::Tensor& behavior);

 private:
  torch::nn::Linear hidden_{nullptr}, gain_{nullptr};
};
TORCH_MODULE(Modulator);

}  // namespace murine
