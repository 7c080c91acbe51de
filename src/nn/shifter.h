// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/torch.h"

namespace murine {

// From the pupil's centre [n, 2] to a shift of all readout positions [n, 2]: 2 -> 5 -> 5 -> 2 with tanh
// throughout.
class ShifterImpl : public torch::nn::Module {
 public:
  explicit ShifterImpl(uint64_t seed);  // weights from (seed, "shifter/NAME")
  torch::Tensor forward(const torch::Tensor& pupil_center);

 private:
  torch::nn::Linear first_{nullptr}, second_{nullptr}, third_{nullptr};
};
TORCH_MODULE(Shifter);

}  // namespace murine
