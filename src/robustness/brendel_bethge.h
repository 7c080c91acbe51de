// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

struct BrendelBethgeOptions {
  int64_t steps = 1000;
  double overshoot = 1.1;     // of the linearized boundary
  double rate = 1e-3;         // trust radius in L2, as a share of the number of values of an image
  double decay = 0.5;         // of the radius
  int64_t decays = 20;        // in all steps
  double momentum = 0.8;      // of the boundary's normal
  int64_t search_steps = 10;  // between the clean image and the start, and at the end
  int64_t patience = 10;      // steps without progress before an early decay
  int64_t directions = 1000;
  int64_t blends = 100;  // of the start
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("steps", self.steps, "steps along the boundary, at most");
    visit("overshoot", self.overshoot, "of the linearized boundary");
    visit("rate", self.rate, "trust radius, as a share of the number of values of an image");
    visit("decay", self.decay, "of the radius");
    visit("decays", self.decays, "decays in all steps");
    visit("momentum", self.momentum, "of the boundary's normal");
    visit("search-steps", self.search_steps, "bisections between the clean image and the start");
    visit("patience", self.patience, "steps without progress before an early decay");
    visit("directions", self.directions, "noise images tried for a start");
    visit("blends", self.blends, "mixtures of noise and image tried for a start");
    visit("seed", self.seed, "names the starts");
  }
};

// The gradient-based boundary attack (Brendel et al. 2019, arXiv 1907.01003): from an adversarial start it
// follows the boundary; each step minimizes the distance to the clean image within a trust region, the box
// and the linearized boundary. The radius starts at the distance to the clean image where that is less;
// beside the schedule it decays whenever `patience` steps bring less than a thousandth, and an image whose
// radius has become a hundredth of its distance is done.
AttackOutcome BrendelBethge(const Classifier& classifier, const AttackInput& input, Norm norm,
                            const BrendelBethgeOptions& options);

}  // namespace murine
