// SPDX-License-Identifier: Apache-2.0
#include "experiment/schedule_cost.h"

#include <gmock/gmock.h>

namespace murine::schedule_cost_test {

TEST(ScheduleCost, ByHand) {
  // 0 (2 s) -> 1 (3 s) -> 3 (1 s); 2 (4 s) alone
  const std::vector<StageCost> stages = {{2, 10, {}}, {3, 20, {0}}, {4, 5, {}}, {1, 1, {1}}};
  const ScheduleCost one = CostSideBySide(stages, 1);
  EXPECT_DOUBLE_EQ(one.seconds, 10);
  EXPECT_EQ(one.memory_bytes, 20);
  const ScheduleCost two = CostSideBySide(stages, 2);  // 0 and 2; at 2 s stage 1; at 5 s stage 3
  EXPECT_DOUBLE_EQ(two.seconds, 6);
  EXPECT_EQ(two.memory_bytes, 25);
  EXPECT_DOUBLE_EQ(CostSideBySide(stages, 9).seconds, 6);
  EXPECT_DOUBLE_EQ(CostSideBySide({}, 2).seconds, 0);
  EXPECT_DOUBLE_EQ(CostSideBySide({{1, 1, {}}, {1, 1, {}}, {1, 1, {}}}, 2).seconds, 2);
}

}  // namespace murine::schedule_cost_test
