// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/options.h"

namespace murine {

enum class PairScheme {
  kRandom,  // disjoint pairs: n images, n / 2 pairs (the paper's)
  kAll,     // every pair: n images, n (n - 1) / 2 pairs
};
std::span<const EnumName<PairScheme>> EnumNames(PairScheme);

struct PairBatch {
  std::vector<int64_t> images;                     // distinct, into the stimuli
  std::vector<std::pair<int64_t, int64_t>> pairs;  // into `images`
};

// The pairs of one step: `images` distinct ones of 0 .. population - 1, uniformly, from the stream (seed,
// "pairs", epoch, step). No list of pairs is ever made. 2 <= images <= population; `random` leaves out an odd
// last image.
PairBatch DrawPairs(PairScheme scheme, int64_t population, int64_t images, uint64_t seed, uint64_t epoch,
                    uint64_t step);

}  // namespace murine
