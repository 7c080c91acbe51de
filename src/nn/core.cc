// SPDX-License-Identifier: Apache-2.0
#include "nn/core.h"

#include <fmt/format.h>

#include <cmath>

#include "nn/depthwise.h"
#include "nn/tensor.h"

namespace murine {

torch::nn::Conv2d CoreImpl::AddConvolution(const std::string& name, const torch::nn::Conv2dOptions& options,
                                           uint64_t seed) {
  torch::NoGradGuard no_grad;
  torch::nn::Conv2d convolution(options);
  const torch::Tensor& weight = convolution->weight;
  const double sigma = 1 / std::sqrt(static_cast<double>(weight[0].numel()));  // of what a filter sees
  weight.copy_(NormalTensor(weight.sizes(), sigma, RandomStream(seed, "core/" + name)));
  return register_module(name, convolution);
}

CoreImpl::CoreImpl(const Shape& shape, uint64_t seed) : shape_(shape) {
  const int64_t channels = shape_.channels;
  const auto square = [](int64_t in, int64_t out, int64_t kernel) {
    return torch::nn::Conv2dOptions(in, out, kernel).padding(kernel / 2).bias(false);
  };
  for (int64_t k = 0; k < shape_.layers; ++k) {
    Layer layer;
    if (k == 0) {
      layer.convolutions = {
          AddConvolution("conv0", square(1, channels, shape_.input_kernel).stride(shape_.stride), seed)};
    } else if (shape_.kind == CoreKind::kDense) {
      layer.convolutions = {AddConvolution(fmt::format("conv{}", k),
                                           square(k * channels, channels, shape_.hidden_kernel), seed)};
    } else {
      layer.convolutions = {
          AddConvolution(fmt::format("in{}", k), square(channels, channels, 1), seed),
          AddConvolution(fmt::format("spatial{}", k),
                         square(channels, channels, shape_.hidden_kernel).groups(channels), seed),
          AddConvolution(fmt::format("out{}", k), square(channels, channels, 1), seed)};
    }
    layer.norm = register_module(fmt::format("norm{}", k), torch::nn::BatchNorm2d(channels));
    layers_.push_back(layer);
  }
}

torch::Tensor CoreImpl::forward(const torch::Tensor& x) {
  std::vector<torch::Tensor> outputs;
  for (Layer& layer : layers_) {
    torch::Tensor out = outputs.empty()                                         ? x
                        : shape_.kind == CoreKind::kDense && outputs.size() > 1 ? torch::cat(outputs, 1)
                                                                                : outputs.back();
    for (torch::nn::Conv2d& convolution : layer.convolutions)
      out = convolution->options.groups() > 1 ? DepthwiseConvolution(out, convolution->weight)
                                              : convolution(out);
    out = layer.norm(out.contiguous(at::MemoryFormat::ChannelsLast));
    outputs.push_back(shape_.kind == CoreKind::kLinear ? out : torch::elu_(out));
  }
  return shape_.kind == CoreKind::kDense ? torch::cat(outputs, 1) : outputs.back();
}

torch::Tensor CoreImpl::LaplacePenalty() const {
  const torch::Tensor laplace =
      torch::tensor({0.f, -1.f, 0.f, -1.f, 4.f, -1.f, 0.f, -1.f, 0.f}).view({1, 1, 3, 3});
  const torch::Tensor& filters = layers_[0].convolutions[0]->weight;
  return torch::conv2d(filters, laplace.to(filters.dtype()), {}, 1, 1).square().sum();
}

}  // namespace murine
