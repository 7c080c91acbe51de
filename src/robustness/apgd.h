// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

enum class ApgdLoss { kCrossEntropy, kDlr };
std::span<const EnumName<ApgdLoss>> EnumNames(ApgdLoss);

struct ApgdOptions {
  ApgdLoss loss = ApgdLoss::kCrossEntropy;
  int steps = 100;
  int restarts = 1;
  double rho = 0.75;           // share of rising steps below which the step is halved
  int64_t target_classes = 9;  // of ApgdTargeted
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("loss", self.loss, "ce or dlr");
    visit("steps", self.steps, "gradient steps");
    visit("restarts", self.restarts, "random starts");
    visit("rho", self.rho, "share of rising steps below which the step is halved");
    visit("target-classes", self.target_classes, "most likely wrong classes to aim at");
    visit("seed", self.seed, "names the random starts");
  }
};

// Auto-PGD (Croce and Hein 2020, arXiv 2003.01690): ascent with momentum whose step, of its own for each
// image, is halved when it stops helping. `input.targets` select the targeted form of the loss. DLR needs
// three classes, targeted DLR four (Error).
AttackOutcome Apgd(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                   const ApgdOptions& options);

// APGD-T of AutoAttack: untargeted in its aim; the targeted DLR loss towards one after the other of the
// `target_classes` most likely wrong classes. Takes no targets.
AttackOutcome ApgdTargeted(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                           const ApgdOptions& options);

// The loss that APGD raises, [n], of logits [n, classes] (equation 6 of the paper): minus the difference of
// the label's and the best other logit over that of the first and third. Targeted (section 4.2): minus the
// difference of the label's and the target's over that of the first and the mean of third and fourth.
torch::Tensor DlrLoss(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& targets);

// The next point of APGD: a projected step, then a mixture with the last move. step [n].
torch::Tensor ApgdStep(const torch::Tensor& point, const torch::Tensor& previous,
                       const torch::Tensor& gradient, const torch::Tensor& images, const torch::Tensor& step,
                       Norm norm, double epsilon, double momentum_share);

}  // namespace murine
