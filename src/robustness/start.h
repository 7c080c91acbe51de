// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/victim.h"

namespace murine {

struct Starts {
  torch::Tensor rows, points;  // [m], [m, c, h, w]: the images for which a start was found
};

// Starts of the attacks that walk along the boundary, for the images `rows` of the batch: `input.starts`
// where given and a success; else the first of `directions` uniform noise images that is one, blended with
// the clean image as little as the first of `blends` equal mixtures that still is one asks for.
Starts FindStarts(Victim& victim, const AttackInput& input, const torch::Tensor& rows, int64_t directions,
                  int64_t blends, uint64_t seed);

}  // namespace murine
