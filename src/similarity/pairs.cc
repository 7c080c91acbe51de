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

namespace {

constexpr int64_t kMostTrials = 4000000;  // a second or so

[[noreturn]] void ThrowNoPairs(int64_t found, int64_t asked) {
  throw Error({.what = "hardly any pair of stimuli is in the target's range",
               .expected = fmt::format("{} pairs in {} trials", asked, kMostTrials),
               .got = fmt::format("{}", found),
               .hint = "fewer --pair-images, another --range, or a lower --threshold"});
}

// Floyd's sample without replacement, then shuffled: its order alone is not uniform.
std::vector<int64_t> DrawImages(int64_t population, int64_t images, RandomStream& stream) {
  std::vector<int64_t> drawn_images;
  std::unordered_set<int64_t> chosen;
  for (int64_t last = population - images; last < population; ++last) {
    const auto drawn = static_cast<int64_t>(stream.Below(static_cast<uint64_t>(last) + 1));
    const int64_t image = chosen.contains(drawn) ? last : drawn;
    chosen.insert(image);
    drawn_images.push_back(image);
  }
  stream.Shuffle(std::span(drawn_images));
  return drawn_images;
}

PairBatch DrawWantedPairs(int64_t population, int64_t images, RandomStream& stream,
                          const PairFilter& wanted) {
  PairBatch batch;
  std::unordered_set<int64_t> taken;
  const auto draw = [&] { return static_cast<int64_t>(stream.Below(static_cast<uint64_t>(population))); };
  for (int64_t trials = 0; static_cast<int64_t>(batch.images.size()) + 1 < images; ++trials) {
    if (trials == kMostTrials) ThrowNoPairs(static_cast<int64_t>(batch.pairs.size()), images / 2);
    const int64_t i = draw(), j = draw();
    if (i == j || taken.contains(i) || taken.contains(j) || !wanted(i, j)) continue;
    const auto first = static_cast<int64_t>(batch.images.size());
    batch.pairs.emplace_back(first, first + 1);
    for (const int64_t image : {i, j}) {
      batch.images.push_back(image);
      taken.insert(image);
    }
  }
  return batch;
}

}  // namespace

PairBatch DrawPairs(PairScheme scheme, int64_t population, int64_t images, uint64_t seed, uint64_t epoch,
                    uint64_t step, const PairFilter& wanted) {
  if (images < 2 || images > population)
    throw Error({.what = "stimuli a step",
                 .expected = fmt::format("2 to {}, the number of stimuli", population),
                 .got = fmt::format("{}", images)});
  RandomStream stream(seed, "pairs", epoch, step);
  if (scheme == PairScheme::kRandom && wanted) return DrawWantedPairs(population, images, stream, wanted);
  PairBatch batch;
  for (int64_t trials = 0; batch.pairs.empty(); trials += images * images) {
    if (trials > kMostTrials) ThrowNoPairs(0, 1);
    batch.images = DrawImages(population, images, stream);
    if (scheme == PairScheme::kRandom) {
      for (int64_t i = 0; i + 1 < images; i += 2) batch.pairs.emplace_back(i, i + 1);
    } else {
      for (int64_t i = 0; i < images; ++i)
        for (int64_t j = i + 1; j < images; ++j)
          if (!wanted || wanted(batch.images[i], batch.images[j])) batch.pairs.emplace_back(i, j);
    }
  }
  return batch;
}

}  // namespace murine
