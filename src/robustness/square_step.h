// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "base/random.h"

namespace murine {

// Proposals of the Square attack (Andriushchenko et al. 2020, arXiv 1912.00049) for one image [channels,
// height, width].
struct ImageShape {
  int64_t channels, height, width;
};

// The share of the pixels that a square covers after `query` of `queries` (section 3.2: halved at fixed
// places of a schedule for 10,000, which is stretched to `queries`).
double SquareShare(double first_share, int64_t query, int64_t queries);

// Stripes of +-epsilon in L-infinity; a grid of tiles of the pattern eta in L2. Within the box and the ball.
void SquareStartLinf(std::span<const float> image, const ImageShape& shape, float epsilon,
                     RandomStream& stream, std::span<float> point);
void SquareStartL2(std::span<const float> image, const ImageShape& shape, double epsilon,
                   RandomStream& stream, std::span<float> point);

// A change of `best` in one random square (algorithms 2 and 3; in L2 a second square gives up its share of
// the budget to the first).
void SquareProposalLinf(std::span<const float> image, std::span<const float> best, const ImageShape& shape,
                        float epsilon, double share, RandomStream& stream, std::span<float> point);
void SquareProposalL2(std::span<const float> image, std::span<const float> best, const ImageShape& shape,
                      double epsilon, double share, RandomStream& stream, std::span<float> point);

}  // namespace murine
