// SPDX-License-Identifier: Apache-2.0
#include "robustness/attack.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "nn/tensor.h"

namespace murine {
namespace {

constexpr double kLeast = 1e-12;

torch::Tensor Lengths(const torch::Tensor& x) {
  return x.flatten(1).norm(2, 1).clamp_min(kLeast).view({-1, 1, 1, 1});
}

// Uniform in the cube for L-infinity; for L2 a normal direction at a uniform share of epsilon.
torch::Tensor RandomStart(const AttackInput& input, Norm norm, double epsilon, uint64_t seed, int restart) {
  torch::Tensor offset = torch::empty_like(input.images, torch::MemoryFormat::Contiguous);
  const int64_t size = offset.numel() / offset.size(0);
  const auto index = input.index.accessor<int64_t, 1>();
  for (int64_t i = 0; i < offset.size(0); ++i) {
    RandomStream stream(seed, "pgd", static_cast<uint64_t>(restart), static_cast<uint64_t>(index[i]));
    const std::span<float> values =
        Values(offset).subspan(static_cast<size_t>(i * size), static_cast<size_t>(size));
    if (norm == Norm::kLinf) {
      stream.FillUniform(values, -static_cast<float>(epsilon), static_cast<float>(epsilon));
    } else {
      stream.FillNormal(values, 1);
      double square = 0;
      for (const float value : values) square += double{value} * value;
      const auto scale = static_cast<float>(epsilon * stream.Uniform() / std::sqrt(std::max(square, kLeast)));
      for (float& value : values) value *= scale;
    }
  }
  return Project(input.images + offset, input.images, norm, epsilon);
}

}  // namespace

std::span<const EnumName<Norm>> EnumNames(Norm) {
  static constexpr std::array<EnumName<Norm>, 2> kNames{{{Norm::kLinf, "linf"}, {Norm::kL2, "l2"}}};
  return kNames;
}

torch::Tensor InputGradient(const Classifier& classifier, const torch::Tensor& images,
                            const torch::Tensor& labels) {
  const torch::AutoGradMode enabled(true);
  const torch::Tensor x = images.detach().clone().set_requires_grad(true);
  const torch::Tensor loss =
      torch::cross_entropy_loss(classifier.logits(x), labels, /*weight=*/{}, at::Reduction::Sum);
  return torch::autograd::grad({loss}, {x})[0];
}

torch::Tensor Correct(const Classifier& classifier, const AttackInput& input, const torch::Tensor& images) {
  torch::NoGradGuard no_grad;
  const torch::Tensor logits = classifier.logits(images);
  const torch::Tensor bad = logits.isfinite().all(1).logical_not();
  if (bad.any().item<bool>()) {
    const int64_t first = bad.nonzero()[0][0].item<int64_t>();
    throw Error({.what = "the model gives logits that are not finite",
                 .where = fmt::format("image {}", input.index[first].item<int64_t>()),
                 .hint = "its training diverged, or its input scaling is not what it was trained with"});
  }
  return logits.argmax(1).eq(input.labels);
}

torch::Tensor Steepest(const torch::Tensor& gradient, Norm norm) {
  return norm == Norm::kLinf ? gradient.sign() : gradient / Lengths(gradient);
}

torch::Tensor Project(const torch::Tensor& point, const torch::Tensor& images, Norm norm, double epsilon) {
  torch::Tensor offset = point - images;
  if (norm == Norm::kLinf)
    offset = offset.clamp(-epsilon, epsilon);
  else
    offset = offset * (epsilon / Lengths(offset)).clamp_max(1);
  return (images + offset).clamp(0, 1);
}

torch::Tensor Fgsm(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon) {
  return PgdStep(classifier, input, input.images, norm, epsilon, epsilon);
}

torch::Tensor PgdStep(const Classifier& classifier, const AttackInput& input, const torch::Tensor& point,
                      Norm norm, double epsilon, double step) {
  const torch::Tensor gradient = InputGradient(classifier, point, input.labels);
  return Project(point + step * Steepest(gradient, norm), input.images, norm, epsilon);
}

torch::Tensor Pgd(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                  const PgdOptions& options) {
  torch::Tensor result = input.images.clone();
  torch::Tensor standing = Correct(classifier, input, input.images).nonzero().squeeze(1);
  for (int restart = 0; restart < options.restarts && standing.size(0) > 0; ++restart) {
    const AttackInput part{input.images.index_select(0, standing), input.labels.index_select(0, standing),
                           input.index.index_select(0, standing)};
    torch::Tensor point = RandomStart(part, norm, epsilon, options.seed, restart);
    for (int step = 0; step < options.steps; ++step)
      point = PgdStep(classifier, part, point, norm, epsilon, options.relative_step * epsilon);
    result.index_copy_(0, standing, point);
    standing = standing.masked_select(Correct(classifier, part, point));
  }
  return result;
}

}  // namespace murine
