// SPDX-License-Identifier: Apache-2.0
#include "nn/shifter.h"

#include "nn/linear_init.h"

namespace murine {

ShifterImpl::ShifterImpl(uint64_t seed) {
  constexpr int64_t kHidden = 5;
  first_ = register_module("first", DrawnLinear(2, kHidden, RandomStream(seed, "shifter/first")));
  second_ = register_module("second", DrawnLinear(kHidden, kHidden, RandomStream(seed, "shifter/second")));
  third_ = register_module("third", DrawnLinear(kHidden, 2, RandomStream(seed, "shifter/third")));
}

torch::Tensor ShifterImpl::forward(const torch::Tensor& pupil_center) {
  return torch::tanh(third_(torch::tanh(second_(torch::tanh(first_(pupil_center))))));
}

}  // namespace murine
