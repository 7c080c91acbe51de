// SPDX-License-Identifier: Apache-2.0
#include "nn/norm_kernels.h"

#include <cmath>
#include <cstddef>
#include <vector>

namespace murine {
namespace {

const NormKernels& Kernels(const FeatureSize& size) {
  return size.block == 16 ? kNormKernelsAvx512 : kNormKernelsAvx2;
}

std::vector<float> Partial(const FeatureSize& size) {
  return std::vector<float>(static_cast<std::size_t>(size.n * size.channels() * 2));
}

// Calls visit(channel, image, first, second) for every plane's two values, image after image.
template <class Visit>
void VisitPlanes(const FeatureSize& size, const std::vector<float>& partial, Visit&& visit) {
  const float* values = partial.data();
  for (int64_t image = 0; image < size.n; ++image)
    for (int64_t block = 0; block < size.blocks; ++block, values += 2 * size.block)
      for (int64_t lane = 0; lane < size.block; ++lane)
        visit(static_cast<std::size_t>(block * size.block + lane), values[lane], values[size.block + lane]);
}

}  // namespace

// The planes' means and sums of squares about them give those of the whole: Chan, Golub and LeVeque 1983
// (doi 10.1080/00031305.1983.10483115).
void ChannelMoments(const FeatureSize& size, const void* x, float* mean, float* variance) {
  std::vector<float> partial = Partial(size);
  Kernels(size).moments(size, x, partial.data());
  const auto channels = static_cast<std::size_t>(size.channels());
  std::vector<double> means(channels), squares(channels);
  VisitPlanes(size, partial, [&](std::size_t channel, float of_plane, float) { means[channel] += of_plane; });
  for (double& value : means) value /= static_cast<double>(size.n);
  VisitPlanes(size, partial, [&](std::size_t channel, float of_plane, float within) {
    const double apart = of_plane - means[channel];
    squares[channel] += within + static_cast<double>(size.area) * apart * apart;
  });
  for (std::size_t channel = 0; channel < channels; ++channel) {
    mean[channel] = static_cast<float>(means[channel]);
    variance[channel] = static_cast<float>(squares[channel] / static_cast<double>(size.count()));
  }
}

void FoldNorm(int64_t channels, const float* mean, const float* variance, const float* gamma,
              const float* beta, double epsilon, float* inverse, float* scale, float* shift) {
  for (int64_t c = 0; c < channels; ++c) {
    inverse[c] = static_cast<float>(1 / std::sqrt(variance[c] + epsilon));
    scale[c] = gamma[c] * inverse[c];
    shift[c] = beta[c] - mean[c] * scale[c];
  }
}

void FollowMoments(int64_t channels, const float* mean, const float* variance, int64_t count, double momentum,
                   float* running_mean, float* running_variance) {
  const double unbiased = static_cast<double>(count) / static_cast<double>(count > 1 ? count - 1 : 1);
  for (int64_t c = 0; c < channels; ++c) {
    running_mean[c] = static_cast<float>((1 - momentum) * running_mean[c] + momentum * mean[c]);
    running_variance[c] =
        static_cast<float>((1 - momentum) * running_variance[c] + momentum * unbiased * variance[c]);
  }
}

void ScaleAndActivate(const FeatureSize& size, const void* x, const float* scale, const float* shift,
                      const void* residual, ReluMask mask, void* out) {
  Kernels(size).scale_and_activate(size, x, scale, shift, residual, mask, out);
}

void GradientSums(const FeatureSize& size, const void* gradient, const void* x, const void* out,
                  ReluMask mask, const NormGradient& norm) {
  std::vector<float> partial = Partial(size);
  Kernels(size).sums(size, gradient, x, out, mask, norm, partial.data());
  const auto channels = static_cast<std::size_t>(size.channels());
  std::vector<double> sums(channels), products(channels);
  VisitPlanes(size, partial, [&](std::size_t channel, float sum, float product) {
    sums[channel] += sum;
    products[channel] += product;
  });
  for (std::size_t channel = 0; channel < channels; ++channel) {
    norm.sum[channel] = static_cast<float>(sums[channel]);
    norm.sum_times_x[channel] = static_cast<float>(products[channel]);
  }
}

void NormBackward(const FeatureSize& size, const void* gradient, const void* x, const void* out,
                  ReluMask mask, const NormGradient& norm, void* dx, void* residual_gradient) {
  Kernels(size).backward(size, gradient, x, out, mask, norm, dx, residual_gradient);
}

void MaskByRelu(const FeatureSize& size, const void* values, const void* out, void* masked) {
  Kernels(size).mask_by_relu(size, values, out, masked);
}

}  // namespace murine
