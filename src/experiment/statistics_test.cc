// SPDX-License-Identifier: Apache-2.0
#include "experiment/statistics.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

namespace murine::statistics_test {

using testing::ElementsAre;

// scipy.stats.sem, scipy.stats.t.interval(0.95, 4, mean, sem) and scipy.stats.ttest_1samp of these.
TEST(Statistics, MeanAndTTestAreScipys) {
  const std::vector<double> values = {1, 2, 3, 4, 5};
  const MeanOverSeeds mean = MeanOf(values);
  EXPECT_DOUBLE_EQ(mean.mean, 3);
  EXPECT_NEAR(*mean.standard_error, 0.7071067811865476, 1e-15);
  EXPECT_NEAR(mean.interval->first, 1.0367568385224393, 1e-8);
  EXPECT_NEAR(mean.interval->second, 4.9632431614775605, 1e-8);
  // t = 3 / 0.7071 = 4.2426 with 4 degrees: 1 - 3/2 s + s^3/2 with s = t / sqrt(4 + t^2)
  const double s = 3 * std::sqrt(2.0) / std::sqrt(22.0);
  EXPECT_NEAR(*PairedPValue(values, PairedTest::kT), 1 - 1.5 * s + s * s * s / 2, 1e-10);
  EXPECT_NEAR(*PairedPValue(values, PairedTest::kT), 0.013235599563682695, 1e-8);
}

TEST(Statistics, OneSeedHasNoSpread) {
  const std::vector<double> one = {0.5};
  EXPECT_EQ(MeanOf(one).mean, 0.5);
  EXPECT_FALSE(MeanOf(one).standard_error);
  EXPECT_FALSE(MeanOf(one).interval);
  EXPECT_FALSE(PairedPValue(one, PairedTest::kT));
  EXPECT_FALSE(PairedPValue(one, PairedTest::kPermutation));
}

TEST(Statistics, DifferencesThatAreAlikeHaveNoTTest) {
  EXPECT_FALSE(PairedPValue(std::vector<double>{0.001, 0.001, 0.001}, PairedTest::kT));
  EXPECT_FALSE(PairedPValue(std::vector<double>{0.5 - 0.4, 0.3 - 0.2}, PairedTest::kT));  // but for rounding
  EXPECT_EQ(PairedPValue(std::vector<double>{0, 0}, PairedTest::kT), 1);
}

TEST(Statistics, PermutationsByHand) {
  const auto p = [](std::vector<double> differences) {
    return *PairedPValue(differences, PairedTest::kPermutation);
  };
  EXPECT_EQ(p({1, 2, 3}), 2 / 8.0);   // only itself and its negative
  EXPECT_EQ(p({-1, 2, 3}), 4 / 8.0);  // sums 4 and 6, and their negatives
  EXPECT_EQ(p({0.1, 0.2, 0.3, 0.4, 0.5}), 2 / 32.0);
  EXPECT_EQ(p({0.1, -0.1}), 1);
  EXPECT_EQ(p({0, 0, 0}), 1);
  EXPECT_EQ(p({0.1, 0.1, -0.1, 0.1}), 10 / 16.0);  // |sum| 0.4 twice, 0.2 eight times
}

// Without effect, a p value of at most 0.05 comes in a twentieth of all cases.
TEST(Statistics, TheTTestKeepsItsLevel) {
  constexpr int kCases = 4000;
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE(kSeed);
  std::mt19937 generator(kSeed);
  std::normal_distribution<double> normal;
  int significant = 0;
  for (int i = 0; i < kCases; ++i) {
    std::vector<double> differences(5);
    for (double& difference : differences) difference = normal(generator);
    significant += *PairedPValue(differences, PairedTest::kT) <= 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(significant / static_cast<double>(kCases), 0.05, 4 * std::sqrt(0.05 * 0.95 / kCases));
}

// Holm's step-down procedure, statsmodels.stats.multitest.multipletests(p, method="holm").
TEST(Statistics, HolmsCorrection) {
  EXPECT_THAT(HolmCorrected(std::vector<double>{0.01, 0.04, 0.03, 0.005}),
              ElementsAre(testing::DoubleEq(0.03), testing::DoubleEq(0.06), testing::DoubleEq(0.06),
                          testing::DoubleEq(0.02)));
  EXPECT_THAT(HolmCorrected(std::vector<double>{0.6, 0.7}), ElementsAre(1, 1));
  EXPECT_THAT(HolmCorrected({}), ElementsAre());
}

TEST(Statistics, Interpolation) {
  const std::vector<std::pair<double, double>> points = {{0.8, 0.4}, {0.6, 0.6}, {0.7, 0.1}, {0.7, 0.3}};
  EXPECT_EQ(Interpolate(points, 0.6), 0.6);
  EXPECT_EQ(Interpolate(points, 0.7), 0.2);
  EXPECT_NEAR(*Interpolate(points, 0.65), 0.4, 1e-12);
  EXPECT_NEAR(*Interpolate(points, 0.775), 0.35, 1e-12);
  EXPECT_FALSE(Interpolate(points, 0.59));
  EXPECT_FALSE(Interpolate(points, 0.81));
  EXPECT_FALSE(Interpolate({}, 0.5));
  EXPECT_EQ(Interpolate({{0.5, 1}}, 0.5), 1);
}

}  // namespace murine::statistics_test
