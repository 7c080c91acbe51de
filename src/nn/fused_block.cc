// SPDX-License-Identifier: Apache-2.0
#include "nn/fused_block.h"

#include <vector>

#include "base/error.h"
#include "nn/blocked.h"
#include "nn/second_derivative.h"

namespace murine {
namespace {

const float* Floats(const torch::Tensor& values) { return values.data_ptr<float>(); }
const void* Data(const torch::Tensor& features) { return features.defined() ? features.data_ptr() : nullptr; }

ReluMask MaskOf(Activation activation, bool residual) {
  if (activation == Activation::kNone) return ReluMask::kNone;
  return residual ? ReluMask::kOutput : ReluMask::kInput;
}

// Ioffe and Szegedy 2015 (arXiv 1502.03167); the parameters come as arguments of their own because autograd
// gives gradients for arguments alone.
struct Fused : torch::autograd::Function<Fused> {
  static constexpr size_t kResidualArgument = 4;
  enum Kept : int64_t { kMean, kInverse, kScale, kShift, kKept };  // what forward keeps of each channel

  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& gamma,
                               const torch::Tensor& beta, const c10::optional<torch::Tensor>& added,
                               const BlockParameters* block) {
    const torch::Tensor residual = added.value_or(torch::Tensor());
    const Convolution& convolution = Convolution::Of(block->shape);
    const torch::Tensor convolved = convolution.Forward(x, weight);
    const FeatureSize size = SizeOf(convolved);
    const int64_t channels = size.channels();
    const torch::Tensor kept = torch::empty({kKept, channels});
    float* const norm = kept.data_ptr<float>();
    float *mean = norm + kMean * channels, *inverse = norm + kInverse * channels,
          *scale = norm + kScale * channels, *shift = norm + kShift * channels;
    std::vector<float> variance(static_cast<size_t>(channels));
    ChannelMoments(size, Data(convolved), mean, variance.data());
    if (block->running_mean.defined())
      FollowMoments(channels, mean, variance.data(), size.count(), block->momentum,
                    block->running_mean.data_ptr<float>(), block->running_variance.data_ptr<float>());
    FoldNorm(channels, mean, variance.data(), Floats(gamma), Floats(beta), block->epsilon, inverse, scale,
             shift);
    const ReluMask mask = MaskOf(block->activation, residual.defined());
    torch::Tensor out = torch::empty_like(convolved);
    ScaleAndActivate(size, Data(convolved), scale, shift, Data(residual), mask, out.data_ptr());
    context->save_for_backward(
        {x, weight, convolved, mask == ReluMask::kOutput ? out : torch::Tensor(), kept});
    context->saved_data["convolution"] = reinterpret_cast<int64_t>(&convolution);
    context->saved_data["mask"] = static_cast<int64_t>(mask);
    context->saved_data["residual"] = residual.defined();
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    RefuseSecondDerivative("a fused block");
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1], &convolved = saved[2], &out = saved[3];
    const auto& convolution =
        *reinterpret_cast<const Convolution*>(context->saved_data["convolution"].toInt());
    const auto mask = static_cast<ReluMask>(context->saved_data["mask"].toInt());
    const torch::Tensor gradient = gradients[0].to(convolved.scalar_type()).contiguous();
    const FeatureSize size = SizeOf(convolved);

    const int64_t channels = size.channels();
    const float* const kept = Floats(saved[4]);
    torch::Tensor gamma_gradient = torch::empty({channels}), beta_gradient = torch::empty({channels});
    std::vector<float> mean_gradient(static_cast<size_t>(channels)), slope(static_cast<size_t>(channels));
    const NormGradient norm{.mean = kept + kMean * channels,
                            .scale = kept + kScale * channels,
                            .shift = kept + kShift * channels,
                            .sum = beta_gradient.data_ptr<float>(),
                            .sum_times_x = gamma_gradient.data_ptr<float>(),
                            .mean_gradient = mean_gradient.data(),
                            .slope = slope.data()};
    GradientSums(size, Data(gradient), Data(convolved), Data(out), mask, norm);
    const auto count = static_cast<float>(size.count());
    for (int64_t c = 0; c < channels; ++c) {
      const float inverse = kept[kInverse * channels + c];
      norm.sum_times_x[c] *= inverse;  // the sum of g times the normalized x: gamma's gradient
      mean_gradient[c] = norm.sum[c] / count;
      slope[c] = norm.sum_times_x[c] * inverse / count;
    }

    const bool wants_residual =
        context->saved_data["residual"].toBool() && context->needs_input_grad(kResidualArgument);
    if (context->saved_data.find("spent") != context->saved_data.end())
      throw Error({.what = "a fused block's gradient was asked for twice",
                   .hint = "its graph keeps no second copy of the features; build it again"});
    context->saved_data["spent"] = true;
    torch::Tensor through = convolved,  // takes its place: the largest thing a block keeps
        residual_gradient = wants_residual ? torch::empty_like(convolved) : torch::Tensor();
    NormBackward(size, Data(gradient), Data(convolved), Data(out), mask, norm, through.data_ptr(),
                 wants_residual ? residual_gradient.data_ptr() : nullptr);
    return {context->needs_input_grad(0) ? convolution.BackwardData(through, weight) : torch::Tensor(),
            context->needs_input_grad(1) ? convolution.BackwardWeights(x, through) : torch::Tensor(),
            gamma_gradient,
            beta_gradient,
            residual_gradient,
            torch::Tensor()};
  }
};

}  // namespace

torch::Tensor FusedBlock(const torch::Tensor& x, const torch::Tensor& residual,
                         const BlockParameters& block) {
  const auto type = block.shape.bfloat16 ? torch::kBFloat16 : torch::kFloat32;
  const auto added = residual.defined() ? c10::make_optional(residual.to(type).contiguous()) : c10::nullopt;
  return Fused::apply(x.to(type).contiguous(), block.weight, block.scale, block.shift, added, &block);
}

}  // namespace murine
