// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace murine {

struct RunningStage {
  std::string what, progress;  // "train none, seed 0", "128/400 images  1 min left"
  double seconds = 0;          // so far
};

// What is going on, on standard error. On a terminal: a line for all and one for every running stage, which
// rewrite themselves below the messages; elsewhere a plain line for each running stage every ten seconds, and
// every minute one for all where none runs. Silent when quiet.
class LiveTable {
 public:
  LiveTable();
  ~LiveTable() { Clear(); }
  LiveTable(const LiveTable&) = delete;
  LiveTable& operator=(const LiveTable&) = delete;

  void Show(const std::string& head, const std::vector<RunningStage>& running);
  void Clear();  // before anything else is printed

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_, shown_;
  size_t lines_ = 0;
  Clock::time_point printed_ = Clock::now();
};

// The table as lines of at most `width` characters.
std::vector<std::string> TableLines(const std::string& head, const std::vector<RunningStage>& running,
                                    size_t width);

}  // namespace murine
