// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiment/stage.h"
#include "io/folder_lock.h"

namespace murine {

struct ScheduleOptions {
  std::string program = "/proc/self/exe";  // murine
  int jobs = 1;                            // stages side by side
  std::optional<Shard> shard = {};         // those of this one; others are waited for where they are needed
  // What failed in another shard before this one began may be tried again there: so long one waits for that.
  double retry_seconds = 300;
};

// Runs the stages that are not finished, each in a process of its own as soon as what it needs is there, and
// keeps their records. One that fails does not stop those that do not need it. Of a sharded run the stages of
// other shards are looked at, not run. Errors: interrupted, once every running stage has saved its state and
// ended.
std::vector<StageOutcome> RunStages(const std::vector<Stage>& stages, const ScheduleOptions& options);

}  // namespace murine
