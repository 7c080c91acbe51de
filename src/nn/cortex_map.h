// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/torch.h"

namespace murine {

// From where neurons lie in the cortex to where they read: 2 -> 30 -> 2, ELU, then tanh (Lurz et al. 2021).
// Neighbours in the cortex look at neighbouring places, so that each neuron's place is learned from all.
class CortexMapImpl : public torch::nn::Module {
 public:
  // Weights from (seed, "cortex/NAME"); coordinates are 0 until they are set.
  CortexMapImpl(int64_t neurons, uint64_t seed);

  // x and y [neurons, 2] in micrometres; kept centred and divided by the largest distance along an axis.
  void SetCoordinates(const torch::Tensor& position_um);
  torch::Tensor forward();  // [neurons, 2], in (-1, 1)
  // The last layer that brings the places closest (in least squares before the tanh, with a small ridge) to
  // `places` [neurons, 2].
  void Approach(const torch::Tensor& places);

 private:
  torch::Tensor Hidden() const;  // [neurons, kHidden]
  torch::Tensor coordinates_;
  torch::nn::Linear hidden_{nullptr}, place_{nullptr};
};
TORCH_MODULE(CortexMap);

}  // namespace murine
