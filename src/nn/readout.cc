// SPDX-License-Identifier: Apache-2.0
#include "nn/readout.h"

#include "nn/tensor.h"

namespace murine {

torch::Tensor ReadPoints(const torch::Tensor& features, const torch::Tensor& positions,
                         const torch::Tensor& weights) {
  const int64_t n = features.size(0);
  const torch::Tensor grid = positions.expand({n, -1, 2}).unsqueeze(2);  // [n, neurons, 1, 2]
  constexpr int64_t kBilinear = 0, kZeros = 0;
  const torch::Tensor read =
      torch::grid_sampler_2d(features, grid, kBilinear, kZeros, /*align_corners=*/true);
  return (read.squeeze(3) * weights.t()).sum(1);  // [n, f, neurons] -> [n, neurons]
}

ReadoutImpl::ReadoutImpl(int64_t features, int64_t neurons, uint64_t seed) {
  positions_ = register_parameter(
      "positions", UniformTensor({neurons, 2}, -0.3, 0.3, RandomStream(seed, "readout/positions")));
  weights_ =
      register_parameter("weights", torch::full({neurons, features}, 1 / static_cast<double>(features)));
}

void ReadoutImpl::Place(const torch::Tensor& positions) {
  torch::NoGradGuard no_grad;
  positions_.copy_(positions);
}

torch::Tensor ReadoutImpl::forward(const torch::Tensor& features, const torch::Tensor& shift) {
  const torch::Tensor positions = positions_.unsqueeze(0);
  return ReadPoints(features, shift.defined() ? positions + shift.unsqueeze(1) : positions, weights_);
}

}  // namespace murine
