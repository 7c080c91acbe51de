// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

namespace murine::random_test {

// Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  EXPECT_THAT(Philox4x32({0, 0, 0, 0}, {0, 0}),
              testing::ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(Philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
              testing::ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              testing::ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(RandomStream, EveryPartOfTheNameMatters) {
  std::set<uint64_t> first_draws;
  for (uint64_t seed : {0, 1})
    for (const char* purpose : {"crop", "flip"})
      for (uint64_t epoch : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32})
        for (uint64_t index : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32})
          first_draws.insert(RandomStream(seed, purpose, epoch, index).Bits64());
  EXPECT_EQ(first_draws.size(), 2u * 2 * 3 * 3);
}

struct Moments {
  double mean = 0, variance = 0;
};

Moments Sample(int n, const std::function<double()>& draw) {
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  return {sum / n, squares / n - (sum / n) * (sum / n)};
}

// Means lie within five standard errors; the streams are fixed, so the test cannot flicker.
TEST(RandomStream, MomentsOfTheDistributions) {
  constexpr int kDraws = 200000;
  RandomStream stream(7, "moments");
  const double root = std::sqrt(static_cast<double>(kDraws));
  const Moments uniform = Sample(kDraws, [&] { return stream.Uniform(); });
  EXPECT_NEAR(uniform.mean, 0.5, 5 * std::sqrt(1.0 / 12) / root);
  EXPECT_NEAR(uniform.variance, 1.0 / 12, 0.002);
  const Moments normal = Sample(kDraws, [&] { return stream.Normal(); });
  EXPECT_NEAR(normal.mean, 0, 5 / root);
  EXPECT_NEAR(normal.variance, 1, 0.02);
  for (const double mean : {0.3, 4.0, 40.0}) {
    const Moments poisson = Sample(kDraws, [&] { return static_cast<double>(stream.Poisson(mean)); });
    EXPECT_NEAR(poisson.mean, mean, 5 * std::sqrt(mean) / root);
    EXPECT_NEAR(poisson.variance / mean, 1, 0.03);
  }
  for (const double mean : {65535.0, 65536.0, 1e9}) {
    constexpr int kFewDraws = 2000;
    const Moments poisson = Sample(kFewDraws, [&] { return static_cast<double>(stream.Poisson(mean)); });
    EXPECT_NEAR(poisson.mean, mean, 5 * std::sqrt(mean / kFewDraws));
    EXPECT_NEAR(poisson.variance / mean, 1, 0.2);
  }
  EXPECT_GT(stream.Poisson(1e300), int64_t{1} << 61);  // as many as there is a number for
  EXPECT_GT(stream.Poisson(HUGE_VAL), int64_t{1} << 61);
  for (const double shape : {0.5, 3.0}) {
    const Moments gamma = Sample(kDraws, [&] { return stream.Gamma(shape); });
    EXPECT_NEAR(gamma.mean, shape, 5 * std::sqrt(shape) / root);
    EXPECT_NEAR(gamma.variance / shape, 1, 0.04);
  }
}

TEST(RandomStream, FillsHaveTheirMoments) {
  std::vector<float> values(100001);
  RandomStream(3, "fill").FillNormal(values, 2.0f);
  size_t i = 0;
  const Moments normal = Sample(100001, [&] { return values[i++]; });
  EXPECT_NEAR(normal.mean, 0, 0.04);
  EXPECT_NEAR(normal.variance, 4, 0.1);
  RandomStream(3, "fill").FillUniform(values, -1, 3);
  EXPECT_GE(*std::min_element(values.begin(), values.end()), -1);
  EXPECT_LT(*std::max_element(values.begin(), values.end()), 3);
}

TEST(RandomStream, BelowIsUnbiasedAndInRange) {
  RandomStream stream(1, "below");
  std::array<int, 6> counts{};
  for (int i = 0; i < 60000; ++i) ++counts[stream.Below(6)];
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - 10000.0, 2) / 10000;
  EXPECT_LT(chi_square, 25.7);  // p = 1e-4 with five degrees of freedom
}

TEST(RandomPermutation, HoldsEachNumberOnce) {
  std::vector<int64_t> order = RandomPermutation(1000, RandomStream(0, "order", 2));
  EXPECT_NE(order, RandomPermutation(1000, RandomStream(0, "order", 3)));
  std::sort(order.begin(), order.end());
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(order[i], i);
}

}  // namespace murine::random_test
