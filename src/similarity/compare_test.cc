// SPDX-License-Identifier: Apache-2.0
#include "similarity/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"

namespace murine {
namespace {

SimilarityMatrix RandomMatrix(int64_t n, uint64_t seed, const SimilarityMatrix* like = nullptr,
                              double share = 0) {
  SimilarityMatrix matrix{n, std::vector<float>(static_cast<size_t>(n * n), 1)};
  RandomStream stream(seed, "matrix");
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j) {
      const double own = stream.Uniform(-1, 1);
      const double value = like ? share * like->at(i, j) + (1 - share) * own : own;
      matrix.values[i * n + j] = matrix.values[j * n + i] =
          static_cast<float>(std::round(value * 20) / 20);  // ties
    }
  return matrix;
}

std::vector<double> Triangle(const SimilarityMatrix& matrix) {
  std::vector<double> values;
  for (int64_t i = 0; i < matrix.n; ++i)
    for (int64_t j = i + 1; j < matrix.n; ++j) values.push_back(matrix.at(i, j));
  return values;
}

double PlainPearson(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / n;
    mean_b += b[i] / n;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

// Rank by counting: how many lie below, and half of those that tie.
std::vector<double> PlainRanks(const std::vector<double>& values) {
  std::vector<double> ranks;
  for (const double x : values) {
    double below = 0, same = 0;
    for (const double y : values) {
      below += y < x;
      same += y == x;
    }
    ranks.push_back(below + same / 2);
  }
  return ranks;
}

TEST(Compare, EqualsItsDefinitions) {
  const SimilarityMatrix a = RandomMatrix(17, 1), b = RandomMatrix(17, 2, &a, 0.5);
  const Json result = Compare(a, b, {});
  const auto x = Triangle(a), y = Triangle(b);
  EXPECT_NEAR(result["pearson"].get<double>(), PlainPearson(x, y), 1e-6);
  EXPECT_NEAR(result["spearman"].get<double>(), PlainPearson(PlainRanks(x), PlainRanks(y)), 1e-6);
  EXPECT_EQ(result["pairs"], 136);
  EXPECT_LT(result["interval"][0].get<double>(), result["pearson"].get<double>());
  EXPECT_GT(result["interval"][1].get<double>(), result["pearson"].get<double>());
  EXPECT_NEAR(result["p_value"].get<double>(), 1.0 / 1001, 1e-12);
}

// Under the null the p value is uniform: of 40 unrelated pairs, about two lie below 0.05 and half below 0.5.
TEST(Compare, TheProbabilityIsUniformWithoutRelation) {
  int small = 0, half = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Json result = Compare(RandomMatrix(12, 100 + seed), RandomMatrix(12, 200 + seed),
                                {.permutations = 99, .bootstraps = 1, .seed = seed});
    small += result["p_value"].get<double>() <= 0.05;
    half += result["p_value"].get<double>() <= 0.5;
  }
  EXPECT_LE(small, 8);
  EXPECT_GE(half, 8);
  EXPECT_LE(half, 32);
}

TEST(Compare, RefusesOtherSizes) { EXPECT_THROW(Compare(RandomMatrix(5, 0), RandomMatrix(6, 0), {}), Error); }

}  // namespace
}  // namespace murine
