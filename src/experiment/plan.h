// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiment/experiment.h"

namespace murine {

// One step of an experiment. Its key is a hash of its options and of the keys of what it needs, and is part
// of its artifact's name: a changed line of the experiment redoes only what hangs on it, and what is there
// already is kept.
struct Stage {
  std::string what;            // "fit mouse"
  std::string key;             // hexadecimal
  std::filesystem::path path;  // of its artifact
  std::vector<size_t> needs;   // stages that come before
  // Makes the artifact, or finds it made; returns the step's result.
  std::function<Json()> run;
};

// Where the stages of each table stand in `stages`, in the table's order; seeds vary fastest. A file that is
// there already is no stage and has no index.
struct Plan {
  std::vector<Stage> stages;
  std::vector<size_t> recordings, models, targets;
  std::vector<size_t> trainings, evaluations;  // [condition x seed]
};

// `folder` is where the artifacts go.
Plan MakePlan(const Experiment& experiment, const std::filesystem::path& folder);

}  // namespace murine
