// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <gtest/gtest.h>

namespace murine::schedule_test {

TEST(Schedule, StepsFallEveryFourEpochsAndStartAgainAfterTwenty) {
  const auto rate = [](int64_t epoch) { return LearningRate(Schedule::kSteps, 0.1, epoch * 10 + 9, 10, 40); };
  EXPECT_DOUBLE_EQ(rate(0), 0.1);
  EXPECT_DOUBLE_EQ(rate(3), 0.1);
  EXPECT_DOUBLE_EQ(rate(4), 0.03);
  EXPECT_NEAR(rate(19), 0.1 * 0.0081, 1e-12);
  EXPECT_DOUBLE_EQ(rate(20), 0.1);
}

TEST(Schedule, LinearRisesThenFallsToAlmostNothing) {
  const auto rate = [](int64_t step) { return LearningRate(Schedule::kLinear, 0.2, step, 50, 4); };
  EXPECT_DOUBLE_EQ(rate(0), 0.01);
  EXPECT_DOUBLE_EQ(rate(9), 0.1);
  EXPECT_DOUBLE_EQ(rate(19), 0.2);
  EXPECT_GT(rate(19), rate(20));
  EXPECT_NEAR(rate(199), 0.2 / 181, 1e-9);
  for (int64_t step = 20; step < 199; ++step) EXPECT_GT(rate(step), rate(step + 1));
}

}  // namespace murine::schedule_test
