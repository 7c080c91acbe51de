// SPDX-License-Identifier: Apache-2.0
#include "nn/modulator.h"

#include "nn/linear_init.h"

namespace murine {

ModulatorImpl::ModulatorImpl(int64_t neurons, uint64_t seed) {
  constexpr int64_t kHidden = 16, kBehaviors = 3;
  hidden_ =
      register_module("hidden", DrawnLinear(kBehaviors, kHidden, RandomStream(seed, "modulator/hidden")));
  gain_ = register_module("gain", DrawnLinear(kHidden, neurons, RandomStream(seed, "modulator/gain")));
}

torch::Tensor ModulatorImpl::forward(const torch::Tensor& behavior) {
  return torch::elu(gain_(torch::relu(hidden_(behavior)))) + 1;
}

}  // namespace murine
