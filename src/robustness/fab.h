// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

struct FabOptions {
  int steps = 100;
  int restarts = 1;
  double alpha_max = 0.1;      // greatest pull back to the clean image
  double eta = 1.05;           // overshoot of a step
  double beta = 0.9;           // share of the perturbation that stays after a success
  double start_radius = 0;     // of random restarts; 0: 0.3 in L-infinity, 1 in L2
  int64_t target_classes = 9;  // of FabTargeted
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("steps", self.steps, "linearizations");
    visit("restarts", self.restarts, "starts; the first from the clean image");
    visit("alpha-max", self.alpha_max, "greatest pull back to the clean image");
    visit("eta", self.eta, "overshoot of a step");
    visit("beta", self.beta, "share of the perturbation that stays after a success");
    visit("start-radius", self.start_radius, "of random restarts; 0: 0.3 in L-infinity, 1 in L2");
    visit("target-classes", self.target_classes, "most likely wrong classes to aim at");
    visit("seed", self.seed, "names the random starts");
  }
};

// Fast adaptive boundary attack (Croce and Hein 2020, arXiv 1907.02044): the least perturbation, by
// projections onto the linearized boundary of the nearest class (with `input.targets`: of the target), and a
// search on the last segment.
AttackOutcome Fab(const Classifier& classifier, const AttackInput& input, Norm norm,
                  const FabOptions& options);

// FAB-T of AutoAttack: as Fab, but towards one after the other of the `target_classes` most likely wrong
// classes, one gradient a step instead of one for each class. With a budget: an image is done once its
// perturbation is at most epsilon, and a larger one is no success. Takes no targets (Error).
AttackOutcome FabTargeted(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                          const FabOptions& options);

}  // namespace murine
