// SPDX-License-Identifier: Apache-2.0
#include "nn/conv_block.h"

#include "nn/blocked.h"
#include "nn/fused_block.h"

namespace murine {
namespace {

torch::Tensor PlainBlock(const torch::Tensor& x, const torch::nn::Conv2d& convolution,
                         const torch::nn::BatchNorm2d& norm, BatchStatistics statistics,
                         Activation activation, const torch::Tensor& residual) {
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

ConvolutionShape ShapeOf(const torch::Tensor& x, const torch::nn::Conv2d& convolution, Engine engine) {
  const auto& options = convolution->options;
  return {.n = x.size(0),
          .c_in = options.in_channels(),
          .height = x.size(2),
          .width = x.size(3),
          .c_out = options.out_channels(),
          .kernel = options.kernel_size()->at(0),
          .stride = options.stride()->at(0),
          .block = IsBlocked(x) ? x.size(4) : BlockOf(options.out_channels()),
          .bfloat16 = engine == Engine::kBfloat16};
}

// What ConvolutionShape takes for granted.
bool IsOfAShape(const torch::nn::Conv2d& convolution) {
  const auto& options = convolution->options;
  const int64_t kernel = options.kernel_size()->at(0), half = kernel / 2;
  const auto* const padding = c10::get_if<torch::ExpandingArray<2>>(&options.padding());
  const auto both = [](const torch::ExpandingArray<2>& pair, int64_t value) {
    return pair->at(0) == value && pair->at(1) == value;
  };
  return !options.bias() && options.groups() == 1 && both(options.dilation(), 1) && padding != nullptr &&
         both(*padding, half) && both(options.kernel_size(), kernel) &&
         both(options.stride(), options.stride()->at(0));
}

// Images are the only plain tensors that the fast path takes, and their gradient the only one it cannot give.
bool IsFast(const torch::Tensor& x, const torch::nn::Conv2d& convolution, const ConvolutionShape& shape,
            BatchStatistics statistics, Engine engine, const torch::Tensor& residual) {
  return engine != Engine::kPlain && statistics != BatchStatistics::kRunning && x.device().is_cpu() &&
         IsOfAShape(convolution) && shape.IsFast() && IsBlocked(x) != shape.plain_input() &&
         !(shape.plain_input() && x.requires_grad()) &&
         (!residual.defined() ||
          residual.sizes() == at::IntArrayRef({shape.n, shape.c_out / shape.block, shape.out_height(),
                                               shape.out_width(), shape.block}));
}

}  // namespace

torch::Tensor ConvBlock(const torch::Tensor& x, const torch::nn::Conv2d& convolution,
                        const torch::nn::BatchNorm2d& norm, BatchStatistics statistics, Activation activation,
                        Engine engine, const torch::Tensor& residual) {
  const ConvolutionShape shape = ShapeOf(x, convolution, engine);
  if (!IsFast(x, convolution, shape, statistics, engine, residual))
    return PlainBlock(ToPlain(x).to(torch::kFloat32), convolution, norm, statistics, activation,
                      residual.defined() ? ToPlain(residual).to(torch::kFloat32) : residual);
  return FusedBlock(
      x, residual,
      {.shape = shape,
       .weight = convolution->weight,
       .scale = norm->weight,
       .shift = norm->bias,
       .running_mean = statistics == BatchStatistics::kBatch ? norm->running_mean : torch::Tensor(),
       .running_variance = statistics == BatchStatistics::kBatch ? norm->running_var : torch::Tensor(),
       .momentum = norm->options.momentum().value(),
       .epsilon = norm->options.eps(),
       .activation = activation});
}

}  // namespace murine
