// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/convolution.h"
#include "nn/torch.h"

namespace murine {

// One block of a network in training: its parameters and what batch norm keeps.
struct BlockParameters {
  ConvolutionShape shape;
  torch::Tensor weight;                          // [c_out, c_in, k, k]
  torch::Tensor scale, shift;                    // gamma and beta of batch norm, [c_out]
  torch::Tensor running_mean, running_variance;  // [c_out], follow the batch's; undefined: none do
  double momentum = 0.1, epsilon = 1e-5;
  Activation activation = Activation::kRelu;
};

// activation(batch_norm(convolution(x)) + residual) with the batch's own statistics, as one autograd function
// on blocked features. `residual` may be undefined.
torch::Tensor FusedBlock(const torch::Tensor& x, const torch::Tensor& residual,
                         const BlockParameters& parameters);

}  // namespace murine
