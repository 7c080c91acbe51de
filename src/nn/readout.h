// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/torch.h"

namespace murine {

// What each neuron reads from the features: their values at one point, weighted and summed.
// features [n, f, h, w]; positions [n or 1, neurons, 2], x then y, -1 and 1 the centres of the border pixels;
// weights [neurons, f] -> [n, neurons]. Bilinear between pixels, zero outside.
torch::Tensor ReadPoints(const torch::Tensor& features, const torch::Tensor& positions,
                         const torch::Tensor& weights);

// A learned place in the feature map and learned weights for each neuron (the point readout).
class ReadoutImpl : public torch::nn::Module {
 public:
  // Places from (seed, "readout/positions"), uniform within 0.3 of the centre; weights start at 1 / features.
  ReadoutImpl(int64_t features, int64_t neurons, uint64_t seed);

  // shift [n, 2] is added to every position; may be undefined.
  torch::Tensor forward(const torch::Tensor& features, const torch::Tensor& shift);
  void Place(const torch::Tensor& positions);  // [neurons, 2]
  torch::Tensor SparsityPenalty() const { return weights_.abs().sum(); }

 private:
  torch::Tensor positions_, weights_;
};
TORCH_MODULE(Readout);

}  // namespace murine
