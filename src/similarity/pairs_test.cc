// SPDX-License-Identifier: Apache-2.0
#include "similarity/pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"

namespace murine {
namespace {

TEST(DrawPairs, AreDistinctAndOfTheRightNumber) {
  for (uint64_t step = 0; step < 50; ++step) {
    const PairBatch random = DrawPairs(PairScheme::kRandom, 9, 8, 0, 0, step);
    EXPECT_EQ(std::set<int64_t>(random.images.begin(), random.images.end()).size(), 8u);
    EXPECT_EQ(random.pairs.size(), 4u);
    const PairBatch all = DrawPairs(PairScheme::kAll, 9, 8, 0, 0, step);
    EXPECT_EQ(all.pairs.size(), 28u);
    for (const auto& [i, j] : all.pairs) EXPECT_LT(i, j);
    for (const int64_t image : all.images) EXPECT_TRUE(image >= 0 && image < 9);
  }
}

TEST(DrawPairs, EveryPairIsEquallyLikely) {
  constexpr int kSteps = 20000, kImages = 6;
  std::map<std::pair<int64_t, int64_t>, int> counts;
  for (uint64_t step = 0; step < kSteps; ++step) {
    const PairBatch batch = DrawPairs(PairScheme::kRandom, kImages, 4, 3, 1, step);
    for (const auto& [i, j] : batch.pairs) ++counts[std::minmax(batch.images[i], batch.images[j])];
  }
  const double expected = 2.0 * kSteps / 15;
  double chi_square = 0;
  for (const auto& [pair, count] : counts) chi_square += std::pow(count - expected, 2) / expected;
  EXPECT_EQ(counts.size(), 15u);
  EXPECT_LT(chi_square, 42.6);  // p = 1e-4 with 14 degrees of freedom
}

TEST(DrawPairs, DependOnSeedEpochAndStepAlone) {
  const auto images = [](uint64_t seed, uint64_t epoch, uint64_t step) {
    return DrawPairs(PairScheme::kAll, 1000, 10, seed, epoch, step).images;
  };
  EXPECT_EQ(images(1, 2, 3), images(1, 2, 3));
  EXPECT_NE(images(1, 2, 3), images(0, 2, 3));
  EXPECT_NE(images(1, 2, 3), images(1, 0, 3));
  EXPECT_NE(images(1, 2, 3), images(1, 2, 0));
}

TEST(DrawPairs, RefusesMoreImagesThanThereAre) {
  EXPECT_THROW(DrawPairs(PairScheme::kAll, 5, 6, 0, 0, 0), Error);
  EXPECT_THROW(DrawPairs(PairScheme::kAll, 5, 1, 0, 0, 0), Error);
}

}  // namespace
}  // namespace murine
