// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

struct FmnOptions {
  int64_t steps = 100;
  double step = 1;      // first step in L2, at most; falls to a hundredth along a cosine
  double gamma = 0.05;  // first change of the radius; falls to 0.001 along a cosine

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("steps", self.steps, "gradient steps");
    visit("step", self.step, "first step in L2; falls to a hundredth along a cosine");
    visit("gamma", self.gamma, "first change of the radius; falls to 0.001 along a cosine");
  }
};

// Fast minimum-norm attack (Pintor et al. 2021, arXiv 2102.12827): gradient steps inside a ball whose radius
// shrinks after a success and grows otherwise. It starts on the nearest linearized boundary. No step is
// longer than the ball is wide, which the paper leaves to the choice of the first step: with 1 for all, small
// perturbations need ten times the steps.
AttackOutcome Fmn(const Classifier& classifier, const AttackInput& input, Norm norm,
                  const FmnOptions& options);

// Of each image [n]: the radius of its ball, the size of its offset, its linearized distance to the boundary,
// its smallest success (infinite: none yet), and the largest size that the box allows.
struct FmnRadii {
  torch::Tensor radius, size, to_boundary, smallest, largest;
};

// The radii after a look at the points (algorithm 1, lines 5 to 12).
torch::Tensor FmnRadius(const FmnRadii& radii, const torch::Tensor& fooled, double gamma);

// The offsets after steps of length `step` [n] down the margin's gradient, in the ball and the box.
torch::Tensor FmnStep(const torch::Tensor& offset, const torch::Tensor& gradient, const torch::Tensor& images,
                      const torch::Tensor& radius, Norm norm, const torch::Tensor& step);

}  // namespace murine
