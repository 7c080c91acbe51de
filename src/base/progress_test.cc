// SPDX-License-Identifier: Apache-2.0
#include "base/progress.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <thread>

namespace murine::progress_test {

TEST(FormatSeconds, NeverShowsSixty) {
  const std::pair<double, const char*> cases[] = {
      {0, "0.0 s"},           {3.24, "3.2 s"},      {59.94, "59.9 s"},     {59.96, "1 min 00 s"},
      {60, "1 min 00 s"},     {245, "4 min 05 s"},  {119.6, "2 min 00 s"}, {3599.4, "59 min 59 s"},
      {3599.6, "1 h 00 min"}, {7800, "2 h 10 min"}, {7199, "1 h 59 min"},  {360000, "100 h 00 min"}};
  for (const auto& [seconds, text] : cases) EXPECT_EQ(FormatSeconds(seconds), text) << seconds;
}

// Standard error is no terminal here: short jobs say nothing, and a quiet program nothing at all.
TEST(Progress, IsSilentForShortJobs) {
  for (const Verbosity verbosity : {Verbosity::kNormal, Verbosity::kQuiet}) {
    SetUpLog(verbosity);
    testing::internal::CaptureStderr();
    {
      Progress progress("work", 10, "steps");
      for (int64_t i = 1; i <= 10; ++i) progress.Update(i, "figure");
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  }
}

// Of a job whose first unit is not done, no time that is left can be told.
TEST(Progress, SaysHowLongNothingWasDone) {
  SetUpLog(Verbosity::kNormal);
  setenv(kProgressVariable, "1", 1);
  testing::internal::CaptureStderr();
  {
    Progress progress("work", 10, "steps");
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    progress.Update(0, "3 questions");
  }
  unsetenv(kProgressVariable);
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_THAT(line, testing::HasSubstr("0/10 steps"));
  EXPECT_THAT(line, testing::HasSubstr("s so far  3 questions"));
}

}  // namespace murine::progress_test
