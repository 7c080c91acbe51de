// SPDX-License-Identifier: Apache-2.0
#include "base/memory_need.h"

#include <gmock/gmock.h>

#include <limits>
#include <vector>

#include "base/error.h"

namespace murine::memory_need_test {

using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kGiB = int64_t{1} << 30;

std::string Refusal(const std::vector<MemoryNeed>& needs, int64_t available) {
  try {
    RequireMemory("training", needs, "a smaller --batch", available);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(MemoryNeed, WhatFitsPasses) {
  EXPECT_EQ(Refusal({{"images", kGiB}, {"weights", kGiB}}, 2 * kGiB), "");
  EXPECT_EQ(Refusal({}, 0), "");
}

TEST(MemoryNeed, SaysHowMuchOfWhatAndWhatToChange) {
  EXPECT_THAT(Refusal({{"images", kGiB}, {"weights", 3 * kGiB / 2}}, 2 * kGiB),
              AllOf(HasSubstr("not enough memory for training"), HasSubstr("at most 2.00 GiB"),
                    HasSubstr("at least 2.50 GiB: 1.00 GiB for images, 1.50 GiB for weights"),
                    HasSubstr("a smaller --batch")));
}

TEST(MemoryNeed, SumsDoNotOverflow) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(Refusal({{"a", most}, {"b", most}}, 2 * kGiB), HasSubstr("not enough"));
}

TEST(MemoryNeed, ThisMachineHasSomeAndNotAllOfIt) {
  EXPECT_GT(AvailableMemoryBytes(), int64_t{1} << 20);
  EXPECT_NO_THROW(RequireMemory("a page", 4096, ""));
  EXPECT_NO_THROW(RequireMemory("a little", int64_t{1} << 26, ""));
  EXPECT_THROW(RequireMemory("an exbibyte", int64_t{1} << 60, ""), Error);
}

}  // namespace murine::memory_need_test
