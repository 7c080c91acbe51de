// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/convolution.h"
#include "nn/winograd_kernels.h"

namespace murine {

// Does this convolution take Winograd's algorithm (nn/winograd_kernels.h)? 3x3 kernels of stride 1 and 2 on
// blocked features do where there are tiles enough to earn back the transform of the weights, and where at
// least half of what is computed for a tile in training is wanted. Not in bfloat16 where the CPU's direct
// products of it are the faster: with stride 2 on those that multiply pairs of it, with either on those that
// multiply matrices.
bool TakesWinograd(const ConvolutionShape& shape);
// Could it, however little it gained? The rest is for shapes of which this says so.
bool CanTakeWinograd(const ConvolutionShape& shape);

// x [n, c_in, h, w] blocked, weight OIHW float -> y. `places`, where defined, are WinogradPlaces of the
// weight; bias [c_out] and residual may be undefined.
torch::Tensor WinogradForward(const ConvolutionShape& shape, const torch::Tensor& x,
                              const torch::Tensor& weight, const torch::Tensor& places = {},
                              const WinogradEpilogue& after = {});
// The gradient for x.
torch::Tensor WinogradBackwardData(const ConvolutionShape& shape, const torch::Tensor& gradient,
                                   const torch::Tensor& weight, const torch::Tensor& places = {});
// The gradient for the weight, float.
torch::Tensor WinogradBackwardWeights(const ConvolutionShape& shape, const torch::Tensor& x,
                                      const torch::Tensor& gradient);

// Constant weights, transformed once for one use with features of this block. With them, which is evaluation,
// no image touches another.
torch::Tensor WinogradPlaces(const torch::Tensor& weight, int64_t stride, int64_t block, WinogradUse use);

}  // namespace murine
