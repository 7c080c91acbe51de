// SPDX-License-Identifier: Apache-2.0
#include "nn/core.h"

#include <fmt/format.h>

#include <cmath>

#include "nn/tensor.h"

namespace murine {

CoreImpl::CoreImpl(const Shape& shape, uint64_t seed) : shape_(shape) {
  torch::NoGradGuard no_grad;
  for (int64_t layer = 0; layer < shape_.layers; ++layer) {
    const int64_t in = layer == 0 ? 1 : layer * shape_.channels;
    const int64_t kernel = layer == 0 ? shape_.input_kernel : shape_.hidden_kernel;
    torch::nn::Conv2d convolution(torch::nn::Conv2dOptions(in, shape_.channels, kernel)
                                      .stride(layer == 0 ? shape_.stride : 1)
                                      .padding(kernel / 2)
                                      .bias(false));
    const double sigma = 1 / std::sqrt(static_cast<double>(in * kernel * kernel));
    convolution->weight.copy_(NormalTensor(convolution->weight.sizes(), sigma,
                                           RandomStream(seed, fmt::format("core/conv{}", layer))));
    convolutions_.push_back(register_module(fmt::format("conv{}", layer), convolution));
    norms_.push_back(register_module(fmt::format("norm{}", layer), torch::nn::BatchNorm2d(shape_.channels)));
  }
}

torch::Tensor CoreImpl::forward(const torch::Tensor& x) {
  std::vector<torch::Tensor> outputs;
  for (size_t layer = 0; layer < convolutions_.size(); ++layer) {
    const torch::Tensor seen = layer == 0 ? x : layer == 1 ? outputs[0] : torch::cat(outputs, 1);
    outputs.push_back(torch::elu(norms_[layer](convolutions_[layer](seen))));
  }
  return torch::cat(outputs, 1);
}

torch::Tensor CoreImpl::LaplacePenalty() const {
  const torch::Tensor laplace =
      torch::tensor({0.f, -1.f, 0.f, -1.f, 4.f, -1.f, 0.f, -1.f, 0.f}).view({1, 1, 3, 3});
  const torch::Tensor& filters = convolutions_[0]->weight;
  return torch::conv2d(filters, laplace.to(filters.dtype()), {}, 1, 1).square().sum();
}

}  // namespace murine
