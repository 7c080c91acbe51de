// SPDX-License-Identifier: Apache-2.0
#include "experiment/figures_by_seed.h"

#include <fmt/format.h>

#include <algorithm>

namespace murine {
namespace {

constexpr const char* kCleanKey = "clean_accuracy";

// A single corruption is one of up to a hundred: their means stand for them.
bool HasFigure(const Json& test) {
  return !test.contains("set") && (test.contains("level") || test.contains("epsilon")) &&
         test.contains("accuracy") && test["accuracy"].is_number();
}

SeedFigures Read(const Json& training, const Json& evaluation) {
  SeedFigures figures;
  figures.clean_accuracy = evaluation.at(kCleanKey).get<double>();
  for (const Json& test : evaluation.at("tests"))
    if (HasFigure(test)) figures.accuracies.emplace_back(TestLabel(test), test["accuracy"].get<double>());
  const Json validation = training.value("validation", Json::object());
  if (validation.contains("accuracy")) figures.validation_accuracy = validation["accuracy"].get<double>();
  double sum = 0;
  const Json noise = validation.value("noise", Json::array());
  for (const Json& level : noise) sum += level.at("accuracy").get<double>();
  if (!noise.empty()) figures.validation_accuracy_noise = sum / static_cast<double>(noise.size());
  return figures;
}

}  // namespace

std::vector<ConditionFigures> FiguresBySeed(const Experiment& experiment, const Plan& plan,
                                            const std::vector<StageOutcome>& outcomes) {
  std::vector<ConditionFigures> all;
  const size_t seeds = experiment.seeds.size();
  for (size_t c = 0; c < experiment.conditions.size(); ++c) {
    ConditionFigures figures{&experiment.conditions[c], {}};
    for (size_t i = c * seeds; i < (c + 1) * seeds; ++i) {
      const auto& training = outcomes[plan.trainings[i]].result;
      const auto& evaluation = outcomes[plan.evaluations[i]].result;
      figures.seeds.push_back(training && evaluation ? std::optional(Read(*training, *evaluation))
                                                     : std::nullopt);
    }
    all.push_back(std::move(figures));
  }
  return all;
}

std::vector<std::string> FigureNames(const std::vector<ConditionFigures>& conditions) {
  std::vector<std::string> names = {kCleanKey};
  for (const ConditionFigures& condition : conditions)
    for (const auto& seed : condition.seeds)
      if (seed)
        for (const auto& [name, accuracy] : seed->accuracies)
          if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

std::optional<double> FigureOf(const SeedFigures& seed, const std::string& figure) {
  if (figure == kCleanKey) return seed.clean_accuracy;
  for (const auto& [name, accuracy] : seed.accuracies)
    if (name == figure) return accuracy;
  return {};
}

std::string TestLabel(const Json& test) {
  const auto name = test["name"].get<std::string>();
  if (test.contains("level")) return fmt::format("{} {:.6g}", name, test["level"].get<double>());
  if (!test.contains("epsilon")) return fmt::format("{} {} median", name, test["norm"].get<std::string>());
  const double epsilon = test["epsilon"].get<double>();
  if (test["norm"] == "linf") return fmt::format("{} linf {:.6g}/255", name, 255 * epsilon);
  return fmt::format("{} {} {:.6g}", name, test["norm"].get<std::string>(), epsilon);
}

}  // namespace murine
