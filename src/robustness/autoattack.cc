// SPDX-License-Identifier: Apache-2.0
#include "robustness/autoattack.h"

#include "robustness/victim.h"

namespace murine {
namespace {

// Adds what an attack found for the images `rows` of the batch.
void Merge(AttackOutcome& whole, const AttackOutcome& part, const torch::Tensor& rows, int64_t attack) {
  whole.queries.index_add_(0, rows, part.queries);
  const torch::Tensor places = part.success.nonzero().squeeze(1);
  const torch::Tensor fooled = rows.index_select(0, places);
  whole.adversarial.index_copy_(0, fooled, part.adversarial.index_select(0, places));
  whole.perturbation.index_copy_(0, fooled, part.perturbation.index_select(0, places));
  whole.success.index_fill_(0, fooled, true);
  whole.found_by.index_fill_(0, fooled, attack);
}

}  // namespace

AttackOutcome AutoAttack(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                         const AutoAttackOptions& options) {
  RequireUsable(options, epsilon);
  RequireAim(AttackName::kAutoAttack, AimOf(input));
  RequireClasses(classifier, AttackName::kAutoAttack, AimOf(input));
  const ApgdOptions apgd{
      .steps = options.steps, .target_classes = options.target_classes, .seed = options.seed};
  const FabOptions fab{.steps = options.steps,
                       .start_radius = epsilon,
                       .target_classes = options.target_classes,
                       .seed = options.seed};
  const SquareOptions square{.queries = options.square_queries, .seed = options.seed};
  const std::array<std::function<AttackOutcome(const AttackInput&)>, kAutoAttackParts.size()> attacks{
      [&](const AttackInput& part) { return Apgd(classifier, part, norm, epsilon, apgd); },
      [&](const AttackInput& part) { return ApgdTargeted(classifier, part, norm, epsilon, apgd); },
      [&](const AttackInput& part) { return FabTargeted(classifier, part, norm, epsilon, fab); },
      [&](const AttackInput& part) { return Square(classifier, part, norm, epsilon, square); }};
  AttackOutcome whole = attacks[0](input);
  whole.found_by = torch::where(whole.perturbation.gt(0).logical_and(whole.success), 0, -1);
  for (size_t attack = 1; attack < attacks.size(); ++attack) {
    const torch::Tensor rows = whole.success.logical_not().nonzero().squeeze(1);
    if (rows.size(0) == 0) break;
    Merge(whole, attacks[attack](SelectRows(input, rows)), rows, static_cast<int64_t>(attack));
  }
  return whole;
}

}  // namespace murine
