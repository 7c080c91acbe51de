// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/torch.h"

namespace murine {

// What each neuron reads from the features: their values at one point, weighted and summed.
// features [n, f, h, w]; positions [n or 1, neurons, 2], x then y, -1 and 1 the centres of the border pixels;
// weights [neurons, f] -> [n, neurons]. Bilinear between pixels, zero outside (Jaderberg et al. 2015, arXiv
// 1506.02025). On float32 and a CPU with AVX2 one pass of readout_kernels, which likes features with their
// channels side by side (channels_last) best and then makes no copy of them.
torch::Tensor ReadPoints(const torch::Tensor& features, const torch::Tensor& positions,
                         const torch::Tensor& weights);

// The same through libtorch's grid sampler, which makes a tensor [n, f, neurons]: the only way for other
// types and CPUs, and the test of the fast one.
torch::Tensor ReadPointsPlain(const torch::Tensor& features, const torch::Tensor& positions,
                              const torch::Tensor& weights);

}  // namespace murine
