// SPDX-License-Identifier: Apache-2.0
#include "robustness/deepfool.h"

#include "robustness/victim.h"

namespace murine {
namespace {

constexpr double kLeastSlope = 1e-8;
constexpr int64_t kTightenings = 12;

}  // namespace

torch::Tensor DeepFoolStep(const torch::Tensor& logits, const torch::Tensor& gradients, Norm norm) {
  const torch::Tensor flat = gradients.flatten(2);  // [m, k, values]
  const torch::Tensor normals = flat.slice(1, 1) - flat.slice(1, 0, 1);
  const torch::Tensor gaps = (logits.slice(1, 1) - logits.slice(1, 0, 1)).abs();
  const torch::Tensor lengths =
      (norm == Norm::kLinf ? normals.abs().sum(2) : normals.norm(2, 2)).clamp_min(kLeastSlope);
  const torch::Tensor distances = gaps / lengths;
  const torch::Tensor nearest = distances.argmin(1, /*keepdim=*/true);
  const torch::Tensor normal =
      normals.gather(1, nearest.unsqueeze(2).expand({flat.size(0), 1, flat.size(2)})).squeeze(1);
  const torch::Tensor direction = norm == Norm::kLinf ? normal.sign() : normal / lengths.gather(1, nearest);
  torch::IntArrayRef shape = gradients.sizes();
  return (distances.gather(1, nearest) * direction).view({shape[0], shape[2], shape[3], shape[4]});
}

AttackOutcome DeepFool(const Classifier& classifier, const AttackInput& input, Norm norm,
                       const DeepFoolOptions& options) {
  RequireUsable(options);
  RequireAim(AttackName::kDeepFool, AimOf(input));
  Victim victim(classifier, input, norm);
  const torch::Tensor all = victim.Standing();
  torch::Tensor rows = all;
  torch::Tensor images = input.images.index_select(0, rows), offset = torch::zeros_like(images);
  // The label, then its rivals, the most likely first.
  const int64_t k = std::min(options.candidates, victim.clean_logits().size(1));
  torch::Tensor classes =
      torch::cat({input.labels.unsqueeze(1), RankedOtherClasses(victim.clean_logits(), input.labels)}, 1)
          .slice(1, 0, k)
          .index_select(0, rows);
  for (int64_t step = 0; step < options.steps && rows.size(0) > 0; ++step) {
    const torch::Tensor points = (images + (1 + options.overshoot) * offset).clamp(0, 1);
    const auto at = victim.DifferentiateLogits(points, rows, classes);
    offset = offset + DeepFoolStep(at.logits.gather(1, classes), at.gradients, norm);
    const torch::Tensor next = (images + (1 + options.overshoot) * offset).clamp(0, 1);
    const torch::Tensor fooled = victim.Fooled(victim.Logits(next, rows), rows);
    victim.Offer(next, rows, fooled);
    KeepRows(fooled.logical_not().nonzero().squeeze(1), {&rows, &images, &offset, &classes});
  }
  victim.Tighten(all, kTightenings);
  return victim.Outcome();
}

}  // namespace murine
