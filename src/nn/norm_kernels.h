// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace murine {

// Batch norm, residual and ReLU over blocked features (nn/blocked.h), a pass over memory at a time. Sums run
// over one image's plane of a block in float and over planes in double, in an order of their own: the bits do
// not depend on the number of threads.

enum class Element { kFloat, kBfloat16 };

struct FeatureSize {
  int64_t n, blocks, area, block;  // [n, blocks, area, block]; area: height * width
  Element element;

  int64_t channels() const { return blocks * block; }
  int64_t count() const { return n * area; }  // values of one channel
};

// Where the gradient of the ReLU comes from.
enum class ReluMask {
  kNone,    // there is no ReLU
  kInput,   // x * scale + shift > 0: no residual was added
  kOutput,  // out > 0
};

// mean [c], variance [c] (biased) of each channel of x.
void ChannelMoments(const FeatureSize& size, const void* x, float* mean, float* variance);

// Batch norm as one multiplication and one addition: inverse = 1 / sqrt(variance + epsilon), scale = gamma *
// inverse, shift = beta - mean * scale; all [channels].
void FoldNorm(int64_t channels, const float* mean, const float* variance, const float* gamma,
              const float* beta, double epsilon, float* inverse, float* scale, float* shift);

// running = (1 - momentum) * running + momentum * batch, of `count` values a channel; the variance is
// unbiased.
void FollowMoments(int64_t channels, const float* mean, const float* variance, int64_t count, double momentum,
                   float* running_mean, float* running_variance);

// out = activation(x * scale + shift + residual); scale, shift [c]; residual may be null; `mask` is kNone
// without a ReLU.
void ScaleAndActivate(const FeatureSize& size, const void* x, const float* scale, const float* shift,
                      const void* residual, ReluMask mask, void* out);

// What the backward pass of batch norm needs of one channel.
struct NormGradient {
  const float *mean, *scale, *shift;  // as in the forward pass: x * scale + shift is normalized
  float *sum, *sum_times_x;           // sums of g and of g * (x - mean), g being the gradient behind the ReLU
  const float *mean_gradient, *slope;  // dx = scale * (g - mean_gradient - slope * (x - mean))
};

// Fills sum and sum_times_x.
void GradientSums(const FeatureSize& size, const void* gradient, const void* x, const void* out,
                  ReluMask mask, const NormGradient& norm);

// Writes dx and, unless it is null, g: the gradient for the residual.
void NormBackward(const FeatureSize& size, const void* gradient, const void* x, const void* out,
                  ReluMask mask, const NormGradient& norm, void* dx, void* residual_gradient);

// values where out > 0 or NaN, 0 elsewhere: the ReLU itself for values = out, its gradient for those of a
// gradient. May write over either.
void MaskByRelu(const FeatureSize& size, const void* values, const void* out, void* masked);

// What is compiled once for every width of vector registers: norm_kernels.inc. `partial` is [n, blocks, 2,
// block].
struct NormKernels {
  void (*moments)(const FeatureSize&, const void* x, float* partial);
  decltype(&ScaleAndActivate) scale_and_activate;
  void (*sums)(const FeatureSize&, const void* gradient, const void* x, const void* out, ReluMask,
               const NormGradient&, float* partial);
  decltype(&NormBackward) backward;
  decltype(&MaskByRelu) mask_by_relu;
};
extern const NormKernels kNormKernelsAvx512, kNormKernelsAvx2;

}  // namespace murine
