// SPDX-License-Identifier: Apache-2.0
#include "nn/blur.h"

#include <cmath>

#include "nn/tensor.h"

namespace murine {
namespace {

// As often as is needed: an image may be smaller than the kernel.
int64_t ReflectInto(int64_t i, int64_t size) {
  if (size == 1) return 0;
  const int64_t period = 2 * (size - 1), wrapped = ((i % period) + period) % period;
  return wrapped < size ? wrapped : period - wrapped;
}

torch::Tensor Along(const torch::Tensor& images, int64_t axis, const std::vector<double>& kernel) {
  const int64_t size = images.size(axis), reach = static_cast<int64_t>(kernel.size()) / 2;
  std::vector<int64_t> places;
  for (int64_t i = -reach; i < size + reach; ++i) places.push_back(ReflectInto(i, size));
  const torch::Tensor padded = images.index_select(axis, ToTensor(std::span<const int64_t>(places)));
  torch::Tensor sum = padded.narrow(axis, 0, size) * kernel[0];
  for (size_t k = 1; k < kernel.size(); ++k)
    sum = sum + padded.narrow(axis, static_cast<int64_t>(k), size) * kernel[k];
  return sum;
}

}  // namespace

std::vector<double> BlurKernel(double sigma) {
  const auto reach = static_cast<int64_t>(std::ceil(4 * sigma));
  std::vector<double> kernel;
  double sum = 0;
  for (int64_t i = -reach; i <= reach; ++i) {
    kernel.push_back(std::exp(-0.5 * std::pow(static_cast<double>(i) / sigma, 2)));
    sum += kernel.back();
  }
  for (double& value : kernel) value /= sum;
  return kernel;
}

torch::Tensor BlurMatrix(int64_t size, double sigma) {
  return Along(torch::eye(size).view({1, 1, size, size}), 2, BlurKernel(sigma)).view({size, size});
}

torch::Tensor GaussianBlur(const torch::Tensor& images, double sigma) {
  const std::vector<double> kernel = BlurKernel(sigma);
  return Along(Along(images, 2, kernel), 3, kernel);
}

}  // namespace murine
