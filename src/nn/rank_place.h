// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace murine {

// Where this process stands among those that a launcher started for one job, by the four variables that
// PyTorch's launchers set: RANK and WORLD_SIZE (0 <= RANK < WORLD_SIZE), MASTER_ADDR and MASTER_PORT (a free
// port of rank 0's machine). MURINE_RANK_TIMEOUT, seconds, may replace how long a rank waits for another.
struct RankPlace {
  int rank = 0, size = 1;
  std::string address;
  uint16_t port = 0;
  int64_t join_seconds = 300, step_seconds = 3600;  // patience at the start; between two exchanges

  using Environment = std::function<const char*(const char* name)>;  // null where a variable is not set

  // None of the variables, or WORLD_SIZE=1: alone. Error kUsage: some of the variables without the others, or
  // values that make no sense.
  static RankPlace Read(const Environment& environment);
  static RankPlace Read();  // of the process's environment

  std::string Name() const;  // "rank 1 of 4"
};

// Error kUsage where several ranks were started for something that is the work of one process: `what`.
void RefuseRanks(const RankPlace& place, const std::string& what);

// How many of the `parts` of a step each rank computes. A sum over ranks is the same tree as over parts
// (nn/tree_sum.h) where a rank's share is a power of two, or everything. Error kUsage for other numbers.
int64_t PartsOfARank(int64_t parts, int64_t ranks);

}  // namespace murine
