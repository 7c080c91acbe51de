// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "data/import.h"
#include "data/simulate.h"
#include "experiment/statistics.h"
#include "robustness/evaluate_options.h"
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

// A simulated mouse, or somebody's arrays.
using RecordingOptions = std::variant<SimulateOptions, ImportOptions>;

// A classifier that is trained once a seed. `family`: the table it comes from, where a list made several of
// it.
struct Condition {
  std::string name, family;
  TrainOptions options;
};

// `[statistics]`: how conditions are compared once all is done; changes no stage.
struct StatisticsOptions {
  PairedTest test = PairedTest::kT;
  double kept_share = 0.95;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("test", self.test, "of paired differences: t, or permutation (of their signs)");
    visit("kept-share", self.kept_share,
          "of the baseline's validation accuracy that a chosen alpha keeps at least");
  }
};

// An experiment as its TOML file states it (docs/experiments.md). Every table holds the options of one
// subcommand, under the same names; recordings, models, classifiers and targets are named, and named again by
// what uses them:
//
//   seeds = [0, 1, 2]
//   [recordings.mouse]  neurons = 400
//   [models.mouse]      recording = "mouse"
//   [targets.neural]    kind = "neural", model = ["mouse"]
//   [train]             data, stimuli ...: what all conditions share
//   [conditions.none]
//   [conditions.neural] target = "neural", alpha = [2, 8, 40]
//   [evaluate]          noise, attacks
struct Experiment {
  std::string name;
  std::vector<int64_t> seeds = {0};
  int threads = 2;  // of every stage; other numbers give other bits
  std::vector<Named<RecordingOptions>> recordings;
  std::vector<Named<FitOptions>> models;
  std::vector<Named<TrainOptions>> classifiers;  // of targets of kind features
  std::vector<Named<SimilarityOptions>> targets;
  std::vector<Condition> conditions;
  EvaluateOptions evaluate;  // data: of the condition's own, where none is stated
  StatisticsOptions statistics;
};

// `set`: "table.key=value" entries that replace what the file says. Errors: malformed TOML, unknown keys and
// names (with the nearest known), cycles, names that are no file names, nothing to train.
Experiment ReadExperiment(const std::filesystem::path& path, const std::vector<std::string>& set);

// Every name that is used is there, and nothing needs itself. Of ReadExperiment.
void CheckNames(const Experiment& experiment, const std::string& where);

}  // namespace murine
