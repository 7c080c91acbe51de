// SPDX-License-Identifier: Apache-2.0
#include "robustness/attack_by_name.h"

#include "base/error.h"
#include "robustness/apgd.h"
#include "robustness/autoattack.h"
#include "robustness/boundary.h"
#include "robustness/brendel_bethge.h"
#include "robustness/carlini_wagner.h"
#include "robustness/deepfool.h"
#include "robustness/fab.h"
#include "robustness/fmn.h"
#include "robustness/pgd.h"
#include "robustness/square.h"

namespace murine {
namespace {

template <class T>
void SetSteps(T& steps, const AttackSettings& settings) {
  if (settings.steps > 0) steps = static_cast<T>(settings.steps);
}

NamedAttack MakeApgd(Norm norm, ApgdLoss loss, const AttackSettings& settings) {
  ApgdOptions options{.loss = loss, .restarts = static_cast<int>(settings.restarts), .seed = settings.seed};
  SetSteps(options.steps, settings);
  return {OptionsToJson(options),
          [=](const Classifier& classifier, const AttackInput& input, double epsilon) {
            return Apgd(classifier, input, norm, epsilon, options);
          }};
}

// One after the other; the second sees only what the first left standing, and so never raises the accuracy.
NamedAttack InTurn(const NamedAttack& first, const NamedAttack& second) {
  Json parameters = first.parameters;
  parameters["loss"] = {first.parameters["loss"], second.parameters["loss"]};
  return {parameters, [=](const Classifier& classifier, const AttackInput& input, double epsilon) {
            AttackOutcome outcome = first.run(classifier, input, epsilon);
            const torch::Tensor standing = outcome.success.logical_not().nonzero().squeeze(1);
            if (standing.size(0) == 0) return outcome;
            const AttackOutcome rest = second.run(classifier, SelectRows(input, standing), epsilon);
            outcome.adversarial.index_copy_(0, standing, rest.adversarial);
            outcome.success.index_copy_(0, standing, rest.success);
            outcome.perturbation.index_copy_(0, standing, rest.perturbation);
            outcome.queries.index_add_(0, standing, rest.queries);
            return outcome;
          }};
}

}  // namespace

NamedAttack MakeAttack(AttackName name, Norm norm, const AttackSettings& settings) {
  const auto budget = [&](const auto& options, const auto& attack) {
    return NamedAttack{OptionsToJson(options),
                       [=](const Classifier& classifier, const AttackInput& input, double epsilon) {
                         return attack(classifier, input, norm, epsilon, options);
                       }};
  };
  const auto minimal = [&](auto options, const auto& attack) {
    SetSteps(options.steps, settings);
    return NamedAttack{OptionsToJson(options),
                       [=](const Classifier& classifier, const AttackInput& input, double) {
                         return attack(classifier, input, norm, options);
                       }};
  };
  const auto walking = [](NamedAttack attack) {
    attack.walks = true;
    return attack;
  };
  const auto l2 = [&](auto options, const auto& attack) {
    SetSteps(options.steps, settings);
    return NamedAttack{OptionsToJson(options), [=](const Classifier& classifier, const AttackInput& input,
                                                   double) { return attack(classifier, input, options); }};
  };
  switch (name) {
    using enum AttackName;
    case kFgsm:
      return {Json::object(), [=](const Classifier& classifier, const AttackInput& input, double epsilon) {
                return Fgsm(classifier, input, norm, epsilon);
              }};
    case kPgd:
      return budget(PgdOptions{.steps = static_cast<int>(settings.pgd_steps),
                               .relative_step = 2.5 / static_cast<double>(settings.pgd_steps),
                               .restarts = static_cast<int>(settings.restarts),
                               .seed = settings.seed},
                    Pgd);
    case kApgdCe:
      return MakeApgd(norm, ApgdLoss::kCrossEntropy, settings);
    case kApgdDlr:
      return MakeApgd(norm, ApgdLoss::kDlr, settings);
    case kApgd:
      return InTurn(MakeApgd(norm, ApgdLoss::kCrossEntropy, settings),
                    MakeApgd(norm, ApgdLoss::kDlr, settings));
    case kSquare: {
      SquareOptions options{.restarts = static_cast<int>(settings.restarts), .seed = settings.seed};
      SetSteps(options.queries, settings);
      return budget(options, Square);
    }
    case kAutoAttack: {
      AutoAttackOptions options{.seed = settings.seed};
      SetSteps(options.steps, settings);
      return budget(options, AutoAttack);
    }
    case kFab:
      return minimal(FabOptions{.seed = settings.seed}, Fab);
    case kBoundary:
      return walking(l2(BoundaryOptions{.seed = settings.seed}, Boundary));
    case kBrendelBethge:
      return walking(minimal(BrendelBethgeOptions{.seed = settings.seed}, BrendelBethge));
    case kFmn:
      return minimal(FmnOptions{}, Fmn);
    case kDeepFool:
      return minimal(DeepFoolOptions{}, DeepFool);
    case kCarliniWagner:
      return l2(CarliniWagnerOptions{}, CarliniWagner);
  }
  throw Error({.what = "no such attack"});
}

}  // namespace murine
