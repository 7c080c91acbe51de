// SPDX-License-Identifier: Apache-2.0
#include "similarity/pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"

namespace murine::pairs_test {

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

// Wanted: pairs of neighbours on a ring, each equally likely, and nothing else.
TEST(DrawPairs, WantedPairsAreEquallyLikely) {
  constexpr int kSteps = 6000, kImages = 8;
  const PairFilter neighbours = [](int64_t i, int64_t j) {
    return (i - j + kImages) % kImages == 1 || (j - i + kImages) % kImages == 1;
  };
  std::map<std::pair<int64_t, int64_t>, int> counts;
  for (uint64_t step = 0; step < kSteps; ++step) {
    const PairBatch batch = DrawPairs(PairScheme::kRandom, kImages, 4, 3, 1, step, neighbours);
    ASSERT_EQ(batch.pairs.size(), 2u);
    ASSERT_EQ(std::set<int64_t>(batch.images.begin(), batch.images.end()).size(), 4u);
    for (const auto& [i, j] : batch.pairs) {
      ASSERT_TRUE(neighbours(batch.images[i], batch.images[j]));
      ++counts[std::minmax(batch.images[i], batch.images[j])];
    }
  }
  ASSERT_EQ(counts.size(), 8u);
  const double expected = 2.0 * kSteps / 8;
  double chi_square = 0;
  for (const auto& [pair, count] : counts) chi_square += std::pow(count - expected, 2) / expected;
  EXPECT_LT(chi_square, 29.9);  // p = 1e-4 with 7 degrees of freedom
}

TEST(DrawPairs, AllGivesTheWantedPairsOfItsImages) {
  const PairFilter odd = [](int64_t i, int64_t j) { return (i + j) % 2 == 1; };
  const PairBatch batch = DrawPairs(PairScheme::kAll, 50, 9, 3, 1, 7, odd);
  EXPECT_EQ(batch.images, DrawPairs(PairScheme::kAll, 50, 9, 3, 1, 7).images);
  size_t wanted = 0;
  for (size_t i = 0; i < 9; ++i)
    for (size_t j = i + 1; j < 9; ++j) wanted += odd(batch.images[i], batch.images[j]);
  EXPECT_EQ(batch.pairs.size(), wanted);
  for (const auto& [i, j] : batch.pairs) EXPECT_TRUE(odd(batch.images[i], batch.images[j]));
  // images without any wanted pair are drawn again
  const PairFilter one = [](int64_t i, int64_t j) { return i + j == 1; };
  for (uint64_t step = 0; step < 20; ++step)
    EXPECT_EQ(DrawPairs(PairScheme::kAll, 12, 3, 3, 1, step, one).pairs.size(), 1u);
}

TEST(DrawPairs, ARangeWithoutPairsIsAnError) {
  const PairFilter none = [](int64_t, int64_t) { return false; };
  EXPECT_THROW(DrawPairs(PairScheme::kRandom, 50, 4, 0, 0, 0, none), Error);
  EXPECT_THROW(DrawPairs(PairScheme::kAll, 50, 4, 0, 0, 0, none), Error);
}

TEST(DrawPairs, RefusesMoreImagesThanThereAre) {
  EXPECT_THROW(DrawPairs(PairScheme::kAll, 5, 6, 0, 0, 0), Error);
  EXPECT_THROW(DrawPairs(PairScheme::kAll, 5, 1, 0, 0, 0), Error);
}

}  // namespace murine::pairs_test
