// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/torch.h"

namespace murine {

// One filter a channel: x [n, c, h, w], weight [c, 1, k, k], k odd, stride 1, padded by k / 2: the size
// stays. Differentiable once. libtorch's own but for the gradient of the weights, for which oneDNN takes its
// general, grouped algorithm: here one pass over x for every row of the filters. Channels that fill no vector
// registers, filters wider than 9 and CPUs without AVX2 go libtorch's way.
torch::Tensor DepthwiseConvolution(const torch::Tensor& x, const torch::Tensor& weight);

}  // namespace murine
