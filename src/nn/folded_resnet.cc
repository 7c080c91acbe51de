// SPDX-License-Identifier: Apache-2.0
#include "nn/folded_resnet.h"

#include <vector>

#include "base/error.h"
#include "io/safetensors.h"
#include "nn/blocked.h"
#include "nn/norm_kernels.h"
#include "nn/second_derivative.h"

namespace murine {
namespace {

// relu(convolution(x) + bias + residual) with constant weights.
struct Folded : torch::autograd::Function<Folded> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const c10::optional<torch::Tensor>& residual,
                               std::shared_ptr<FoldedConvolution> convolution, int64_t activation) {
    const torch::Tensor out =
        convolution->Forward(x, static_cast<Activation>(activation), residual.value_or(torch::Tensor()));
    context->save_for_backward({out});
    context->saved_data["size"] = std::vector<int64_t>{x.size(2), x.size(3)};
    context->saved_data["activation"] = activation;
    context->saved_data["residual"] = residual.has_value();
    // The node may outlive the network it came from.
    context->saved_data["convolution"] =
        c10::IValue::make_capsule(c10::make_intrusive<Holder>(std::move(convolution)));
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    RefuseSecondDerivative("a folded convolution");
    const torch::Tensor out = context->get_saved_variables()[0];
    const auto size = context->saved_data["size"].toIntVector();
    torch::Tensor gradient = gradients[0].contiguous();
    if (static_cast<Activation>(context->saved_data["activation"].toInt()) == Activation::kRelu) {
      torch::Tensor masked = torch::empty_like(out);
      MaskByRelu(SizeOf(out), gradient.data_ptr(), out.data_ptr(), masked.data_ptr());
      gradient = masked;
    }
    const auto holder = context->saved_data["convolution"].toCapsule();
    const auto& convolution = *static_cast<const Holder&>(*holder).convolution;
    return {
        context->needs_input_grad(0) ? convolution.BackwardData(gradient, size[0], size[1]) : torch::Tensor(),
        context->saved_data["residual"].toBool() && context->needs_input_grad(1) ? gradient : torch::Tensor(),
        torch::Tensor(), torch::Tensor()};
  }

  struct Holder : torch::CustomClassHolder {
    explicit Holder(std::shared_ptr<FoldedConvolution> held) : convolution(std::move(held)) {}
    std::shared_ptr<FoldedConvolution> convolution;
  };
};

int64_t RoundedBatch(int64_t n) {
  int64_t power = 1;
  while (power < n) power *= 2;
  return power >= 4 && power / 4 * 3 >= n ? power / 4 * 3 : power;
}

}  // namespace

FoldedBlock::FoldedBlock(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d& norm)
    : stride(convolution->options.stride()->at(0)), padding(convolution->options.kernel_size()->at(0) / 2) {
  torch::NoGradGuard no_grad;
  const torch::Tensor scale = norm->weight * (norm->running_var + norm->options.eps()).rsqrt();
  weight = convolution->weight * scale.view({-1, 1, 1, 1});
  bias = norm->bias - norm->running_mean * scale;
  if (weight.device().is_cpu()) fast = std::make_shared<FoldedConvolution>(weight, bias, stride);
}

int64_t FoldedBlock::FastBlock(const torch::Tensor& x) const {
  const ConvolutionShape shape{.n = x.size(0),
                               .c_in = weight.size(1),
                               .height = x.size(2),
                               .width = x.size(3),
                               .c_out = weight.size(0),
                               .kernel = weight.size(2),
                               .stride = stride,
                               .block = IsBlocked(x) ? x.size(4) : BlockOf(weight.size(0))};
  const bool fast_path =
      fast && Channels(x) == shape.c_in && IsBlocked(x) != shape.plain_input() && shape.IsFast();
  return fast_path ? shape.block : 0;
}

torch::Tensor FoldedBlock::operator()(const torch::Tensor& x, Activation activation,
                                      const torch::Tensor& residual) const {
  if (residual.defined()) {
    const std::vector<int64_t> wanted{x.size(0), weight.size(0), (x.size(2) - 1) / stride + 1,
                                      (x.size(3) - 1) / stride + 1},
        got{residual.size(0), Channels(residual), residual.size(2), residual.size(3)};
    if (got != wanted)
      throw Error({.what = "what is added to a convolution",
                   .expected = FormatShape(wanted),
                   .got = FormatShape(got)});
  }
  if (const int64_t block = FastBlock(x)) {
    c10::optional<torch::Tensor> added;
    if (residual.defined())
      added =
          IsBlocked(residual) && residual.size(4) == block ? residual : ToBlocked(ToPlain(residual), block);
    if (added) added = added->to(torch::kFloat32).contiguous();
    return Folded::apply(x.to(torch::kFloat32).contiguous(), added, fast, static_cast<int64_t>(activation));
  }
  torch::Tensor out = torch::conv2d(ToPlain(x), weight, bias, stride, padding);
  if (residual.defined()) out = out + ToPlain(residual);
  return activation == Activation::kRelu ? torch::relu_(out) : out;
}

FoldedResNet::FoldedResNet(const ResNet& network) : options_(network->options()) {
  stem_ = std::make_unique<FoldedBlock>(network->stem(), network->stem_norm());
  for (size_t group = 0; group < groups_.size(); ++group)
    for (const BasicBlock& block : network->group(group))
      groups_[group].push_back(
          {.first = {block->conv1, block->bn1},
           .second = {block->conv2, block->bn2},
           .shortcut = block->shortcut_conv
                           ? std::make_unique<FoldedBlock>(block->shortcut_conv, block->shortcut_bn)
                           : nullptr});
  head_weight_ = network->head()->weight.detach().clone();
  head_bias_ = network->head()->bias.detach().clone();
}

std::array<torch::Tensor, kStages> FoldedResNet::Stages(const torch::Tensor& images) const {
  std::array<torch::Tensor, kStages> stages;
  stages[0] = (*stem_)(NetworkInput(options_, images), Activation::kRelu);
  for (size_t group = 0; group < groups_.size(); ++group) {
    torch::Tensor x = stages[group];
    for (const Basic& block : groups_[group]) {
      const torch::Tensor shortcut = block.shortcut ? (*block.shortcut)(x, Activation::kNone) : x;
      x = block.second(block.first(x, Activation::kRelu), Activation::kRelu, shortcut);
    }
    stages[group + 1] = x;
  }
  return stages;
}

torch::Tensor FoldedResNet::Logits(const torch::Tensor& images) const {
  return InRoundedBatch(images, [this](const torch::Tensor& batch) {
    return torch::linear(ImageChannelMeans(Stages(batch).back()), head_weight_, head_bias_);
  });
}

torch::Tensor InRoundedBatch(const torch::Tensor& images,
                             const std::function<torch::Tensor(const torch::Tensor&)>& logits) {
  const int64_t n = images.size(0), rounded = RoundedBatch(n);
  if (rounded == n) return logits(images);
  std::vector<int64_t> blank = images.sizes().vec();
  blank[0] = rounded - n;
  return logits(torch::cat({images, torch::zeros(blank, images.options())})).narrow(0, 0, n);
}

}  // namespace murine
