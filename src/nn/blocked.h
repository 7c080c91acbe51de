// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/norm_kernels.h"
#include "nn/torch.h"

namespace murine {

// The fast path keeps features as [n, c / b, h, w, b]: b channels side by side fill a vector register,
// which is how convolutions want them. A tensor of five dimensions is blocked, one of four is plain
// [n, c, h, w]; either may hold float or bfloat16.

// The widest b of this CPU: 16 with AVX-512, 8 with AVX2, 0 where there is no fast path.
int64_t ChannelBlock();
// The widest that divides so many channels: 16, 8 or 0.
int64_t BlockOf(int64_t channels);

inline bool IsBlocked(const torch::Tensor& features) { return features.dim() == 5; }
int64_t Channels(const torch::Tensor& features);
FeatureSize SizeOf(const torch::Tensor& blocked);
// Blocked, not filled.
torch::Tensor EmptyFeatures(int64_t n, int64_t channels, int64_t height, int64_t width, int64_t block,
                            torch::ScalarType type);

// [n, c, h, w] <-> [n, c / b, h, w, b], differentiable; c must be a multiple of b. ToPlain leaves a plain
// tensor as it is.
torch::Tensor ToBlocked(const torch::Tensor& plain, int64_t block);
torch::Tensor ToPlain(const torch::Tensor& features);

// The mean of each channel, float: over images and places [c], without a gradient; or over places alone [n,
// c], differentiable.
torch::Tensor ChannelMeans(const torch::Tensor& features);
torch::Tensor ImageChannelMeans(const torch::Tensor& features);

// features - means [c] along the channels, float, differentiable by the features.
torch::Tensor Centred(const torch::Tensor& features, const torch::Tensor& means);

}  // namespace murine
