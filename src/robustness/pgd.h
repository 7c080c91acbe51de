// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

// Fast gradient sign method (Goodfellow et al. 2015, arXiv 1412.6572); for L2 one step along the gradient.
AttackOutcome Fgsm(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon);

struct PgdOptions {
  int steps = 20;
  double relative_step = 0.125;  // of epsilon: 2.5 epsilon / steps
  int restarts = 1;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("steps", self.steps, "gradient steps");
    visit("relative-step", self.relative_step, "length of a step, as a share of epsilon");
    visit("restarts", self.restarts, "random starts");
    visit("seed", self.seed, "names the random starts");
  }
};

// Projected gradient descent (Madry et al. 2018, arXiv 1706.06083) from a random start in the ball. An image
// is done at the first point that fools; a further restart attacks only what still stands, so restarts never
// raise the accuracy.
AttackOutcome Pgd(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                  const PgdOptions& options);

// One projected step of length `step` from `point` up the gradient there.
torch::Tensor PgdStep(const torch::Tensor& point, const torch::Tensor& gradient, const torch::Tensor& images,
                      Norm norm, double epsilon, double step);

}  // namespace murine
