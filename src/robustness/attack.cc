// SPDX-License-Identifier: Apache-2.0
#include "robustness/attack.h"

#include <fmt/format.h>

#include "base/error.h"
#include "nn/tensor.h"

namespace murine {

torch::Tensor PerImage(const torch::Tensor& values) { return values.view({-1, 1, 1, 1}); }

AttackInput SelectRows(const AttackInput& input, const torch::Tensor& rows) {
  const auto select = [&](const torch::Tensor& tensor) {
    return tensor.defined() ? tensor.index_select(0, rows) : tensor;
  };
  return {select(input.images),  select(input.labels), select(input.index),
          select(input.targets), select(input.starts), input.asked};
}

torch::Tensor DrawEach(const AttackInput& input, uint64_t seed, std::string_view purpose, int64_t attempt,
                       const std::function<void(RandomStream&, std::span<float>)>& fill) {
  torch::Tensor draws = torch::empty_like(input.images, torch::MemoryFormat::Contiguous);
  const int64_t n = draws.size(0);
  if (n == 0) return draws;
  const auto size = static_cast<size_t>(draws.numel() / n);
  const auto index = input.index.accessor<int64_t, 1>();
  const std::span<float> values = Values(draws);
  at::parallel_for(0, n, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      RandomStream stream(seed, purpose, static_cast<uint64_t>(attempt), static_cast<uint64_t>(index[i]));
      fill(stream, values.subspan(static_cast<size_t>(i) * size, size));
    }
  });
  return draws;
}

torch::Tensor DrawDirections(const AttackInput& input, Norm norm, uint64_t seed, std::string_view purpose,
                             int64_t attempt) {
  const torch::Tensor draws =
      DrawEach(input, seed, purpose, attempt, [&](RandomStream& stream, std::span<float> values) {
        if (norm == Norm::kLinf)
          stream.FillUniform(values, -1, 1);
        else
          stream.FillNormal(values, 1);
      });
  return draws / PerImage(Sizes(draws, norm).clamp_min(kLeast));
}

torch::Tensor CrossEntropy(const torch::Tensor& logits, const AttackInput& input) {
  const bool targeted = input.targets.defined();
  const torch::Tensor entropy = torch::cross_entropy_loss(logits, targeted ? input.targets : input.labels,
                                                          /*weight=*/{}, at::Reduction::None);
  return targeted ? -entropy : entropy;
}

torch::Tensor Margin(const torch::Tensor& logits, const AttackInput& input) {
  const bool targeted = input.targets.defined();
  const torch::Tensor wanted = (targeted ? input.targets : input.labels).unsqueeze(1);
  const torch::Tensor own = logits.gather(1, wanted).squeeze(1);
  const torch::Tensor other =
      std::get<0>(logits.scatter(1, wanted, -std::numeric_limits<float>::infinity()).max(1));
  return targeted ? other - own : own - other;
}

torch::Tensor RankedOtherClasses(const torch::Tensor& logits, const torch::Tensor& labels) {
  const torch::Tensor others =
      logits.scatter(1, labels.unsqueeze(1), -std::numeric_limits<float>::infinity());
  return others.argsort(/*dim=*/1, /*descending=*/true).slice(1, 0, logits.size(1) - 1);
}

torch::Tensor Sizes(const torch::Tensor& offset, Norm norm) {
  const torch::Tensor flat = offset.flatten(1);
  return norm == Norm::kLinf ? flat.abs().amax(1) : flat.norm(2, 1);
}

torch::Tensor InputGradient(const Classifier& classifier, const torch::Tensor& images,
                            const torch::Tensor& labels) {
  const torch::AutoGradMode enabled(true);
  const torch::Tensor x = images.detach().clone().set_requires_grad(true);
  const torch::Tensor loss =
      torch::cross_entropy_loss(classifier.logits(x), labels, /*weight=*/{}, at::Reduction::Sum);
  return torch::autograd::grad({loss}, {x})[0];
}

void RequireFinite(const torch::Tensor& logits, const torch::Tensor& index) {
  const torch::Tensor bad = logits.isfinite().all(1).logical_not();
  if (!bad.any().item<bool>()) return;
  const int64_t first = bad.nonzero()[0][0].item<int64_t>();
  throw Error({.what = "the model gives logits that are not finite",
               .where = fmt::format("image {}", index[first].item<int64_t>()),
               .hint = "its training diverged, or its input scaling is not what it was trained with"});
}

torch::Tensor Correct(const Classifier& classifier, const AttackInput& input, const torch::Tensor& images) {
  torch::NoGradGuard no_grad;
  const torch::Tensor logits = classifier.logits(images);
  RequireFinite(logits, input.index);
  return logits.argmax(1).eq(input.labels);
}

torch::Tensor Steepest(const torch::Tensor& gradient, Norm norm) {
  if (norm == Norm::kLinf) return gradient.sign();
  return gradient / PerImage(Sizes(gradient, Norm::kL2).clamp_min(kLeast));
}

torch::Tensor Project(const torch::Tensor& point, const torch::Tensor& images, Norm norm,
                      const torch::Tensor& epsilon) {
  torch::Tensor offset = point - images;
  if (norm == Norm::kLinf)
    offset = torch::minimum(torch::maximum(offset, PerImage(-epsilon)), PerImage(epsilon));
  else
    offset = offset * PerImage((epsilon / Sizes(offset, Norm::kL2).clamp_min(kLeast)).clamp_max(1));
  return (images + offset).clamp_(0, 1);
}

torch::Tensor Project(const torch::Tensor& point, const torch::Tensor& images, Norm norm, double epsilon) {
  torch::Tensor offset = point - images;
  if (norm == Norm::kLinf)
    offset.clamp_(-epsilon, epsilon);
  else
    offset = offset * PerImage((epsilon / Sizes(offset, Norm::kL2).clamp_min(kLeast)).clamp_max(1));
  return (images + offset).clamp_(0, 1);
}

}  // namespace murine
