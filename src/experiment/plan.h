// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "experiment/experiment.h"
#include "experiment/stage.h"

namespace murine {

// The stages of an experiment: a graph in which what a stage needs stands before it. Where the stages of each
// table stand in `stages`, in the table's order; seeds vary fastest. A file that is there already is no stage
// and has no index; entries that say the same are one stage.
struct Plan {
  std::vector<Stage> stages;
  std::vector<size_t> recordings, models, classifiers, targets;
  std::vector<size_t> trainings, evaluations;  // [condition x seed]
};

// `folder` is where the artifacts go. Errors: a file that the experiment names is missing.
Plan MakePlan(const Experiment& experiment, const std::filesystem::path& folder);

}  // namespace murine
