// SPDX-License-Identifier: Apache-2.0
#include "nn/fused_block.h"

#include <cmath>

#include "nn/norm_kernels.h"

namespace murine {
namespace {

FeatureSize SizeOf(const torch::Tensor& blocked) {
  return {.n = blocked.size(0),
          .blocks = blocked.size(1),
          .area = blocked.size(2) * blocked.size(3),
          .block = blocked.size(4),
          .element = blocked.scalar_type() == torch::kBFloat16 ? Element::kBfloat16 : Element::kFloat};
}

const float* Floats(const torch::Tensor& values) { return values.data_ptr<float>(); }
const void* Data(const torch::Tensor& features) { return features.defined() ? features.data_ptr() : nullptr; }

// running = (1 - momentum) * running + momentum * batch, with the unbiased variance, as PyTorch has it.
void Follow(const BlockParameters& block, const torch::Tensor& mean, const torch::Tensor& variance,
            int64_t count) {
  if (!block.running_mean.defined()) return;
  const double unbiased = static_cast<double>(count) / static_cast<double>(std::max<int64_t>(count - 1, 1));
  torch::Tensor running_mean = block.running_mean, running_variance = block.running_variance;
  running_mean.mul_(1 - block.momentum).add_(mean, block.momentum);
  running_variance.mul_(1 - block.momentum).add_(variance, block.momentum * unbiased);
}

ReluMask MaskOf(Activation activation, bool residual) {
  if (activation == Activation::kNone) return ReluMask::kNone;
  return residual ? ReluMask::kOutput : ReluMask::kInput;
}

// Ioffe and Szegedy 2015 (arXiv 1502.03167); the parameters come as arguments of their own because autograd
// gives gradients for arguments alone.
struct Fused : torch::autograd::Function<Fused> {
  static constexpr size_t kResidualArgument = 4;

  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& gamma,
                               const torch::Tensor& beta, const c10::optional<torch::Tensor>& added,
                               const BlockParameters* block) {
    const torch::Tensor residual = added.value_or(torch::Tensor());
    const Convolution& convolution = Convolution::Of(block->shape);
    const torch::Tensor convolved = convolution.Forward(x, weight);
    const FeatureSize size = SizeOf(convolved);
    torch::Tensor mean = torch::empty({size.channels()}), variance = torch::empty({size.channels()});
    ChannelMoments(size, Data(convolved), mean.data_ptr<float>(), variance.data_ptr<float>());
    Follow(*block, mean, variance, size.count());
    const torch::Tensor inverse = (variance + block->epsilon).rsqrt();
    const torch::Tensor scale = gamma * inverse, shift = beta - mean * scale;
    const ReluMask mask = MaskOf(block->activation, residual.defined());
    torch::Tensor out = torch::empty_like(convolved);
    ScaleAndActivate(size, Data(convolved), Floats(scale), Floats(shift), Data(residual), mask,
                     out.data_ptr());
    context->save_for_backward({x, weight, convolved, mask == ReluMask::kOutput ? out : torch::Tensor(), mean,
                                inverse, scale, shift});
    context->saved_data["convolution"] = reinterpret_cast<int64_t>(&convolution);
    context->saved_data["mask"] = static_cast<int64_t>(mask);
    context->saved_data["residual"] = residual.defined();
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1], &convolved = saved[2], &out = saved[3],
                        &mean = saved[4], &inverse = saved[5], &scale = saved[6], &shift = saved[7];
    const auto& convolution =
        *reinterpret_cast<const Convolution*>(context->saved_data["convolution"].toInt());
    const auto mask = static_cast<ReluMask>(context->saved_data["mask"].toInt());
    const torch::Tensor gradient = gradients[0].to(convolved.scalar_type()).contiguous();
    const FeatureSize size = SizeOf(convolved);

    torch::Tensor sum = torch::empty({size.channels()}), product = torch::empty({size.channels()});
    NormGradient norm{.mean = Floats(mean),
                      .scale = Floats(scale),
                      .shift = Floats(shift),
                      .sum = sum.data_ptr<float>(),
                      .sum_times_x = product.data_ptr<float>(),
                      .mean_gradient = nullptr,
                      .slope = nullptr};
    GradientSums(size, Data(gradient), Data(convolved), Data(out), mask, norm);
    const auto count = static_cast<double>(size.count());
    const torch::Tensor mean_gradient = sum / count, slope = product * inverse.square() / count;
    norm.mean_gradient = Floats(mean_gradient);
    norm.slope = Floats(slope);

    const bool wants_residual =
        context->saved_data["residual"].toBool() && context->needs_input_grad(kResidualArgument);
    torch::Tensor through = torch::empty_like(convolved),
                  residual_gradient = wants_residual ? torch::empty_like(convolved) : torch::Tensor();
    NormBackward(size, Data(gradient), Data(convolved), Data(out), mask, norm, through.data_ptr(),
                 wants_residual ? residual_gradient.data_ptr() : nullptr);
    return {context->needs_input_grad(0) ? convolution.BackwardData(through, weight) : torch::Tensor(),
            convolution.BackwardWeights(x, through),
            product * inverse,
            sum,
            residual_gradient,
            torch::Tensor()};
  }
};

}  // namespace

torch::Tensor FusedBlock(const torch::Tensor& x, const torch::Tensor& residual, const BlockParameters& block) {
  const auto type = block.shape.bfloat16 ? torch::kBFloat16 : torch::kFloat32;
  const auto added = residual.defined() ? c10::make_optional(residual.to(type).contiguous()) : c10::nullopt;
  return Fused::apply(x.to(type).contiguous(), block.weight, block.scale, block.shift, added, &block);
}

}  // namespace murine
