// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/victim.h"

namespace murine {

struct Starts {
  torch::Tensor rows, points;  // [m], [m, c, h, w]: the images for which a start was found
};

// Starts of the attacks that walk along the boundary, for the images `rows` of the batch: of `input.starts`
// the one whose line to the clean image crosses the boundary next to it, found by bisection to one part in
// `blends`. Where none is a success: the first of `directions` uniform noise images that is one, blended with
// the clean image as little as the first of `blends` equal mixtures that still is one asks for.
Starts FindStarts(Victim& victim, const AttackInput& input, const torch::Tensor& rows, int64_t directions,
                  int64_t blends, uint64_t seed);

// Between the images [m, c, h, w] and starts that are a success the points nearest to the boundary that are
// one still, by bisection: along the line, or in L-infinity with the offset cut.
torch::Tensor BisectToBoundary(Victim& victim, const torch::Tensor& images, const torch::Tensor& rows,
                               const torch::Tensor& starts, Norm norm, int64_t steps);

// The steps from the points [m, c, h, w] of the images `rows` onto the nearest boundary (of the ten most
// likely classes; targeted, of the target) as linearized there.
torch::Tensor LinearizedSteps(Victim& victim, const AttackInput& part, const torch::Tensor& points,
                              const torch::Tensor& rows, Norm norm);

// Starts near the image, for an attack that knows the gradient: beyond the nearest of the linearized
// boundaries of the ten most likely classes (or of the target's), twice as far until one succeeds, up to 64
// times; where none does, along a path that linearizes again after every step; where that fails too, as
// above.
Starts FindNearStarts(Victim& victim, const AttackInput& input, const torch::Tensor& rows, Norm norm,
                      int64_t directions, int64_t blends, uint64_t seed);

}  // namespace murine
