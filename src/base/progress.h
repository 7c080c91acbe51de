// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace murine {

enum class Verbosity {
  kNormal,
  kQuiet,   // warnings and errors alone
  kSilent,  // nothing: another process says it all
};
// Sends murine's log to standard error, as plain text.
void SetUpLog(Verbosity verbosity);

// Where this variable is set in the environment, another process of murine's reads standard error and shows
// the progress: a line twice a second, with a carriage return before it.
inline constexpr const char* kProgressVariable = "MURINE_PROGRESS";

// A long job's line on standard error: what, done/total, rate, time left and the figure that matters.
// On a terminal it rewrites itself; elsewhere a plain line appears every ten seconds. Silent when quiet.
class Progress {
 public:
  // `done_before`: units that an earlier, interrupted run has done already; they do not count for the rate.
  Progress(std::string what, int64_t total, std::string unit, int64_t done_before = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(int64_t done, std::string_view figure = {});

 private:
  using Clock = std::chrono::steady_clock;
  void Print(std::string_view figure);

  std::string what_, unit_;
  int64_t total_, done_before_, done_;
  bool terminal_, read_, shown_;
  Clock::time_point start_, printed_;
};

// "3.2 s", "4 min 05 s", "2 h 10 min".
std::string FormatSeconds(double seconds);

}  // namespace murine
