// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

struct DeepFoolOptions {
  int64_t steps = 50;
  int64_t candidates = 10;  // most likely classes looked at
  double overshoot = 0.02;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("steps", self.steps, "linearizations, at most");
    visit("candidates", self.candidates, "most likely classes looked at");
    visit("overshoot", self.overshoot, "share of the perturbation added to cross the boundary");
  }
};

// DeepFool (Moosavi-Dezfooli et al. 2016, arXiv 1511.04599): steps onto the nearest of the linearized
// boundaries; at the end the overshoot is taken back by bisection. Has no targeted form (Error).
AttackOutcome DeepFool(const Classifier& classifier, const AttackInput& input, Norm norm,
                       const DeepFoolOptions& options);

// The step onto the nearest of the linearized boundaries between the first of k classes and the others:
// logits [m, k] and their gradients [m, k, c, h, w] -> [m, c, h, w].
torch::Tensor DeepFoolStep(const torch::Tensor& logits, const torch::Tensor& gradients, Norm norm);

}  // namespace murine
