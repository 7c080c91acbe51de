// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/simulate.h"
#include "robustness/suite.h"
#include "similarity/similarity.h"
#include "train/fit_options.h"
#include "train/train_options.h"

namespace murine {

// An entry of a table of the experiment: made here by `options`, or there already in `file`.
template <class Options>
struct Named {
  std::string name;
  Options options;
  std::string file;
};

// An experiment as its TOML file states it. Every table holds the options of one subcommand, under the same
// names; recordings, models and targets are named, and named again by what uses them:
//
//   seeds = [0, 1, 2]
//   [recordings.mouse]  neurons = 400
//   [models.mouse]      recording = "mouse"
//   [targets.neural]    kind = "neural", model = ["mouse"]
//   [train]             data, stimuli ...: what all conditions share
//   [conditions.none]
//   [conditions.neural] target = "neural"
//   [evaluate]          noise, attacks
struct Experiment {
  std::string name;
  std::vector<int64_t> seeds = {0};
  int threads = 2;  // of every stage; other numbers give other bits
  std::vector<Named<SimulateOptions>> recordings;
  std::vector<Named<FitOptions>> models;
  std::vector<Named<SimilarityOptions>> targets;
  std::vector<Named<TrainOptions>> conditions;
  EvaluateOptions evaluate;  // data: of the condition's own, where none is stated
};

// `set`: "table.key=value" entries that replace what the file says. Errors: malformed TOML, unknown keys and
// names (with the nearest known), names that are no file names, nothing to train.
Experiment ReadExperiment(const std::filesystem::path& path, const std::vector<std::string>& set);

// Every option as it stands, with image sets named by what they are and files by their last name: no path.
Json DescribeExperiment(const Experiment& experiment);

}  // namespace murine
