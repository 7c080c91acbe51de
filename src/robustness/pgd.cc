// SPDX-License-Identifier: Apache-2.0
#include "robustness/pgd.h"

#include "robustness/victim.h"

namespace murine {
namespace {

// Uniform in the cube for L-infinity; for L2 a normal direction at a uniform share of epsilon.
torch::Tensor RandomStart(const AttackInput& input, Norm norm, double epsilon, uint64_t seed, int restart) {
  const torch::Tensor offset =
      DrawEach(input, seed, "pgd", restart, [&](RandomStream& stream, std::span<float> values) {
        if (norm == Norm::kLinf) {
          stream.FillUniform(values, -static_cast<float>(epsilon), static_cast<float>(epsilon));
          return;
        }
        stream.FillNormal(values, 1);
        double square = 1e-12;
        for (const float value : values) square += double{value} * value;
        const auto scale = static_cast<float>(epsilon * stream.Uniform() / std::sqrt(square));
        for (float& value : values) value *= scale;
      });
  return Project(input.images + offset, input.images, norm, epsilon);
}

}  // namespace

torch::Tensor PgdStep(const torch::Tensor& point, const torch::Tensor& gradient, const torch::Tensor& images,
                      Norm norm, double epsilon, double step) {
  return Project(point + step * Steepest(gradient, norm), images, norm, epsilon);
}

AttackOutcome Fgsm(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon) {
  RequireNumber("epsilon", epsilon);
  Victim victim(classifier, input, norm);
  const torch::Tensor rows = victim.Standing();
  if (epsilon == 0 || rows.size(0) == 0) return victim.Outcome();
  const AttackInput part = SelectRows(input, rows);
  const torch::Tensor gradient =
      victim.Differentiate(part.images, rows, [&](const torch::Tensor& z) { return CrossEntropy(z, part); })
          .gradient;
  const torch::Tensor point = PgdStep(part.images, gradient, part.images, norm, epsilon, epsilon);
  victim.Offer(point, rows, victim.Fooled(victim.Logits(point, rows), rows));
  return victim.Outcome();
}

AttackOutcome Pgd(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                  const PgdOptions& options) {
  RequireUsable(options, epsilon);
  Victim victim(classifier, input, norm);
  for (int restart = 0; restart < options.restarts && epsilon > 0; ++restart) {
    torch::Tensor rows = victim.Standing();
    if (rows.size(0) == 0) break;
    AttackInput part = SelectRows(input, rows);
    torch::Tensor point = RandomStart(part, norm, epsilon, options.seed, restart);
    for (int step = 0; step < options.steps && rows.size(0) > 0; ++step) {
      auto at =
          victim.Differentiate(point, rows, [&](const torch::Tensor& z) { return CrossEntropy(z, part); });
      const torch::Tensor fooled = victim.Fooled(at.logits, rows);
      victim.Offer(point, rows, fooled);
      const torch::Tensor keep = fooled.logical_not().nonzero().squeeze(1);
      if (keep.size(0) < rows.size(0)) part = SelectRows(part, keep);
      KeepRows(keep, {&rows, &point, &at.gradient});
      point = PgdStep(point, at.gradient, part.images, norm, epsilon, options.relative_step * epsilon);
    }
    if (rows.size(0) > 0) victim.Offer(point, rows, victim.Fooled(victim.Logits(point, rows), rows));
  }
  return victim.Outcome();
}

}  // namespace murine
