// SPDX-License-Identifier: Apache-2.0
#include "similarity/pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/error.h"
#include "base/random.h"

namespace murine {

std::span<const EnumName<PairScheme>> EnumNames(PairScheme) {
  static constexpr std::array<EnumName<PairScheme>, 2> kNames{
      {{PairScheme::kRandom, "random"}, {PairScheme::kAll, "all"}}};
  return kNames;
}

PairBatch DrawPairs(PairScheme scheme, int64_t population, int64_t images, uint64_t seed, uint64_t epoch,
                    uint64_t step) {
  if (images < 2 || images > population)
    throw Error({.what = "stimuli a step",
                 .expected = fmt::format("2 to {}, the number of stimuli", population),
                 .got = fmt::format("{}", images)});
  RandomStream stream(seed, "pairs", epoch, step);
  PairBatch batch;
  // Floyd's sample without replacement, then shuffled: its order alone is not uniform.
  std::unordered_set<int64_t> chosen;
  for (int64_t last = population - images; last < population; ++last) {
    const auto drawn = static_cast<int64_t>(stream.Below(static_cast<uint64_t>(last) + 1));
    const int64_t image = chosen.contains(drawn) ? last : drawn;
    chosen.insert(image);
    batch.images.push_back(image);
  }
  stream.Shuffle(std::span(batch.images));
  if (scheme == PairScheme::kRandom) {
    for (int64_t i = 0; i + 1 < images; i += 2) batch.pairs.emplace_back(i, i + 1);
  } else {
    for (int64_t i = 0; i < images; ++i)
      for (int64_t j = i + 1; j < images; ++j) batch.pairs.emplace_back(i, j);
  }
  return batch;
}

}  // namespace murine
