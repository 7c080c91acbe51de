// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

struct BoundaryOptions {
  int64_t steps = 25000;
  double spherical_step = 0.01;
  double source_step = 0.01;
  double convergence = 1e-7;  // of the source step: an image is done below it
  double adaptation = 1.5;
  int64_t check_every = 10;  // steps between looks at the spherical step
  int64_t directions = 1000;
  int64_t blends = 1000;  // of the start
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("steps", self.steps, "proposals an image");
    visit("spherical-step", self.spherical_step, "first step along the sphere, in distances");
    visit("source-step", self.source_step, "first step to the clean image, in distances");
    visit("convergence", self.convergence, "an image is done when its source step is below this");
    visit("adaptation", self.adaptation, "factor of the steps");
    visit("check-every", self.check_every, "steps between looks at the spherical step");
    visit("directions", self.directions, "noise images tried for a start");
    visit("blends", self.blends, "mixtures of noise and image tried for a start");
    visit("seed", self.seed, "names every random draw");
  }
};

// The boundary attack (Brendel et al. 2018, arXiv 1712.04248): a random walk along the decision boundary
// towards the clean image that asks for decisions only. L2. All images at once, each with its own steps.
// Where `input.starts` are none it starts from noise. An image for which no start is found has no success;
// the others go on.
AttackOutcome Boundary(const Classifier& classifier, const AttackInput& input,
                       const BoundaryOptions& options);

}  // namespace murine
