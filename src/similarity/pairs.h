// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
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

// Which pairs of images take part; empty: all.
using PairFilter = std::function<bool(int64_t i, int64_t j)>;

// The pairs of one step: `images` distinct ones of 0 .. population - 1, from the stream (seed, "pairs",
// epoch, step) alone. No list of pairs is ever made. 2 <= images <= population; `random` leaves out an odd
// last image.
// Without a filter, pairs are uniform. With one, `random` draws each pair uniformly from the wanted pairs of
// images that are not taken yet, by trial; `all` draws images until at least one of their pairs is wanted,
// and gives those that are. Error: a filter that lets hardly any pair through.
PairBatch DrawPairs(PairScheme scheme, int64_t population, int64_t images, uint64_t seed, uint64_t epoch,
                    uint64_t step, const PairFilter& wanted = {});

}  // namespace murine
