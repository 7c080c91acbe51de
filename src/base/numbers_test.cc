// SPDX-License-Identifier: Apache-2.0
#include "base/numbers.h"

#include <gmock/gmock.h>

namespace murine::numbers_test {

TEST(Numbers, AreReadOrNone) {
  EXPECT_THAT(NumbersOf("4,8.5,-1e-3"), testing::ElementsAre(4, 8.5, -1e-3));
  EXPECT_THAT(NumbersOf("7"), testing::ElementsAre(7));
  for (const char* malformed : {"", ",", "4,", ",4", "4;8", "4 ,8", "four", "4,8x"})
    EXPECT_THAT(NumbersOf(malformed), testing::IsEmpty()) << malformed;
}

}  // namespace murine::numbers_test
