// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiment/plan.h"

namespace murine {

// What one seed of a condition came to.
struct SeedFigures {
  double clean_accuracy = 0;
  std::vector<std::pair<std::string, double>>
      accuracies;  // of tests with a level or an epsilon, by their labels
  std::optional<double> validation_accuracy = {},
                        validation_accuracy_noise = {};  // the latter over all levels
};

// One condition over the experiment's seeds; nothing where a seed has not finished.
struct ConditionFigures {
  const Condition* condition = nullptr;
  std::vector<std::optional<SeedFigures>> seeds;
};

std::vector<ConditionFigures> FiguresBySeed(const Experiment& experiment, const Plan& plan,
                                            const std::vector<StageOutcome>& outcomes);

// "clean_accuracy" and the labels of the tests that any condition has, in the order of the first.
std::vector<std::string> FigureNames(const std::vector<ConditionFigures>& conditions);
std::optional<double> FigureOf(const SeedFigures& seed, const std::string& figure);

// "gaussian 0.06", "pgd linf 2/255": a test of evaluate and its level.
std::string TestLabel(const Json& test);

}  // namespace murine
