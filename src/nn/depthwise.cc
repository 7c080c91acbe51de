// SPDX-License-Identifier: Apache-2.0
#include "nn/depthwise.h"

#include "nn/blocked.h"
#include "nn/depthwise_kernels.h"
#include "nn/second_derivative.h"

namespace murine {
namespace {

bool HasDepthwiseKernel(const torch::Tensor& x, const torch::Tensor& weight) {
  return x.scalar_type() == torch::kFloat32 && x.device().is_cpu() && ChannelBlock() != 0 &&
         x.size(1) % ChannelBlock() == 0 && weight.size(2) <= kWidestDepthwise;
}

torch::Tensor DepthwiseWeights(const torch::Tensor& x, const torch::Tensor& weight,
                               const torch::Tensor& gradient) {
  const DepthwiseSize size{x.size(0), x.size(2), x.size(3), x.size(1), weight.size(2)};
  const auto last = [](const torch::Tensor& t) { return t.contiguous(at::MemoryFormat::ChannelsLast); };
  const torch::Tensor seen = last(x), given = last(gradient),
                      of_images = torch::empty({size.n, size.kernel, size.kernel, size.channels});
  (ChannelBlock() == 16 ? DepthwiseWeightGradientAvx512 : DepthwiseWeightGradientAvx2)(
      size, seen.data_ptr<float>(), given.data_ptr<float>(), of_images.data_ptr<float>());
  return of_images.sum(0).permute({2, 0, 1}).unsqueeze(1).contiguous();
}

struct Depthwise : torch::autograd::Function<Depthwise> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight) {
    context->save_for_backward({x, weight});
    return at::conv2d(x, weight, {}, 1, weight.size(2) / 2, 1, x.size(1));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    RefuseSecondDerivative("a depthwise convolution");
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1];
    const int64_t padding = weight.size(2) / 2;
    const bool fast = HasDepthwiseKernel(x, weight);
    auto [for_x, for_weight, for_bias] =
        at::convolution_backward(gradients[0], x, weight, c10::nullopt, {1, 1}, {padding, padding}, {1, 1},
                                 false, {0, 0}, x.size(1), {context->needs_input_grad(0), !fast, false});
    if (fast) for_weight = DepthwiseWeights(x, weight, gradients[0]);
    return {for_x, for_weight};
  }
};

}  // namespace

torch::Tensor DepthwiseConvolution(const torch::Tensor& x, const torch::Tensor& weight) {
  return Depthwise::apply(x, weight);
}

}  // namespace murine
