// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiment/experiment.h"

namespace murine {

struct RunOptions {
  std::string experiment;                  // TOML file
  std::vector<std::string> set;            // "table.key=value"
  int threads = 0;                         // 0: as the experiment says
  std::optional<int64_t> seed;             // alone, instead of the experiment's
  int jobs = 1;                            // stages side by side
  std::string shard;                       // "K/N"; empty: all
  std::string program = "/proc/self/exe";  // murine: every stage is a process of it
};

// The experiment that the options name. Errors: as ReadExperiment; --jobs below 1.
Experiment ReadExperiment(const RunOptions& options);

// Runs every stage of an experiment (docs/experiments.md) into `folder`, keeps what is finished, and writes
// results.json and report.html there. A stage that fails does not stop those that do not need it; the error
// at the end names all that failed. Started again it goes on. Returns the summary, with the path of the
// report.
Json RunExperiment(const RunOptions& options, const std::filesystem::path& folder);

}  // namespace murine
