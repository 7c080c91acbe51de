// SPDX-License-Identifier: Apache-2.0
#include "nn/conv_block.h"

namespace murine {

torch::Tensor ConvBlock(const torch::Tensor& x, const torch::nn::Conv2d& convolution,
                        const torch::nn::BatchNorm2d& norm, BatchStatistics statistics, Activation activation,
                        const torch::Tensor& residual) {
  const auto& options = convolution->options;
  const torch::Tensor convolved = torch::conv2d(x, convolution->weight, convolution->bias, options.stride(),
                                                c10::get<torch::ExpandingArray<2>>(options.padding()),
                                                options.dilation(), options.groups());
  const bool apart = statistics == BatchStatistics::kBatchApart;
  torch::Tensor out = torch::batch_norm(
      convolved, norm->weight, norm->bias, apart ? torch::Tensor() : norm->running_mean,
      apart ? torch::Tensor() : norm->running_var, /*training=*/statistics != BatchStatistics::kRunning,
      norm->options.momentum().value(), norm->options.eps(), /*cudnn_enabled=*/false);
  if (residual.defined()) out = out + residual;
  return activation == Activation::kRelu ? torch::relu_(out) : out;
}

}  // namespace murine
