// SPDX-License-Identifier: Apache-2.0
#include "base/numbers.h"

#include <gmock/gmock.h>

#include <limits>

namespace murine::numbers_test {

TEST(Numbers, AreReadOrNone) {
  EXPECT_THAT(NumbersOf("4,8.5,-1e-3"), testing::ElementsAre(4, 8.5, -1e-3));
  EXPECT_THAT(NumbersOf("7"), testing::ElementsAre(7));
  for (const char* malformed : {"", ",", "4,", ",4", "4;8", "4 ,8", "four", "4,8x"})
    EXPECT_THAT(NumbersOf(malformed), testing::IsEmpty()) << malformed;
}

TEST(Numbers, QuantilesLieBetweenThem) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> values = {1, 2, 4, kInfinity, kInfinity};
  EXPECT_EQ(Quantile(values, 0), 1);
  EXPECT_EQ(Quantile(values, 0.125), 1.5);
  EXPECT_EQ(Quantile(values, 0.5), 4);
  EXPECT_EQ(Quantile(values, 0.6), kInfinity);
  EXPECT_EQ(Quantile(values, 0.9), kInfinity);
}

}  // namespace murine::numbers_test
