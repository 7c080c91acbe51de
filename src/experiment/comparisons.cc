// SPDX-License-Identifier: Apache-2.0
#include "experiment/comparisons.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "experiment/statistics.h"

namespace murine {
namespace {

constexpr const char* kNone = "none";
constexpr const char* kClean = "clean_accuracy";

bool IsShuffled(const Experiment& experiment, const Condition& condition) {
  if (condition.family == "shuffled") return true;
  return std::any_of(experiment.targets.begin(), experiment.targets.end(), [&](const auto& target) {
    return target.name == condition.options.target && target.file.empty() &&
           target.options.kind == TargetKind::kShuffled;
  });
}

// The families that a condition is compared with.
std::vector<std::string> References(const Experiment& experiment, const Condition& condition) {
  std::vector<std::string> families;
  const auto add = [&](const std::string& family) {
    if (family != condition.family && std::find(families.begin(), families.end(), family) == families.end())
      families.push_back(family);
  };
  if (condition.family == kNone) return families;
  for (const Condition& other : experiment.conditions)
    if (other.family == kNone) add(other.family);
  if (IsShuffled(experiment, condition)) return families;
  for (const Condition& other : experiment.conditions)
    if (IsShuffled(experiment, other)) add(other.family);
  return families;
}

// How many options differ, and by what factors those that are numbers (the sum of their logarithms); options
// of a target count only between two that have one.
std::pair<int, double> Differing(const TrainOptions& a, const TrainOptions& b) {
  const Json one = OptionsToJson(a), other = OptionsToJson(b);
  const bool both = a.regularized() && b.regularized();
  int count = 0;
  double factors = 0;
  for (const auto& [key, value] : one.items()) {
    const bool of_target = key == "alpha" || key == "clamp" || key == "pairs" || key == "pair-images";
    if (key == "target" || key == "stimuli" || (!both && of_target) || value == other[key]) continue;
    ++count;
    if (value.is_number())  // infinite where one of them is 0
      factors += std::abs(std::log(value.get<double>() / other[key].get<double>()));
  }
  return {count, factors};
}

const ConditionFigures& MostAlike(const std::vector<ConditionFigures>& conditions, const std::string& family,
                                  const Condition& like) {
  const ConditionFigures* best = nullptr;
  std::pair<int, double> least;
  for (const ConditionFigures& each : conditions) {
    if (each.condition->family != family) continue;
    const auto differing = Differing(each.condition->options, like.options);
    if (best == nullptr || differing < least) {
      best = &each;
      least = differing;
    }
  }
  return *best;
}

Json IntervalOf(const MeanOverSeeds& mean) {
  return mean.interval ? Json{mean.interval->first, mean.interval->second} : Json(nullptr);
}

double MeanValue(const std::vector<double>& values) { return MeanOf(values).mean; }

std::vector<double> Values(const ConditionFigures& condition,
                           const std::function<std::optional<double>(const SeedFigures&)>& of) {
  std::vector<double> values;
  for (const auto& seed : condition.seeds)
    if (seed)
      if (const auto value = of(*seed)) values.push_back(*value);
  return values;
}

std::vector<std::string> Families(const std::vector<ConditionFigures>& conditions) {
  std::vector<std::string> families;
  for (const ConditionFigures& each : conditions)
    if (std::find(families.begin(), families.end(), each.condition->family) == families.end())
      families.push_back(each.condition->family);
  return families;
}

// Accuracy over clean accuracy of the conditions of a family, for one seed.
std::vector<std::pair<double, double>> FrontOfSeed(const std::vector<ConditionFigures>& conditions,
                                                   const std::string& family, const std::string& figure,
                                                   size_t seed) {
  std::vector<std::pair<double, double>> points;
  for (const ConditionFigures& each : conditions)
    if (each.condition->family == family && each.seeds[seed])
      if (const auto accuracy = FigureOf(*each.seeds[seed], figure))
        points.emplace_back(each.seeds[seed]->clean_accuracy, *accuracy);
  return points;
}

// One row of MatchedComparisons; null where a seed lies outside its front.
Json Match(const std::vector<ConditionFigures>& conditions, const ConditionFigures& of,
           const std::string& against, const std::string& figure) {
  std::vector<double> clean, own, other, difference;
  for (size_t s = 0; s < of.seeds.size(); ++s) {
    if (!of.seeds[s]) continue;
    const auto front = FrontOfSeed(conditions, against, figure, s);
    if (front.size() < 2) continue;
    const auto accuracy = FigureOf(*of.seeds[s], figure);
    const auto matched = Interpolate(front, of.seeds[s]->clean_accuracy);
    if (!accuracy || !matched) return nullptr;
    clean.push_back(of.seeds[s]->clean_accuracy);
    own.push_back(*accuracy);
    other.push_back(*matched);
    difference.push_back(*accuracy - *matched);
  }
  if (difference.empty()) return nullptr;
  const MeanOverSeeds mean = MeanOf(difference);
  return {{"family", of.condition->family},
          {"condition", of.condition->name},
          {"against", against},
          {"figure", figure},
          {"clean_accuracy", MeanValue(clean)},
          {"accuracy", MeanValue(own)},
          {"accuracy_against", MeanValue(other)},
          {"difference", mean.mean},
          {"interval", IntervalOf(mean)},
          {"seeds", difference.size()}};
}

}  // namespace

Json CompareConditions(const Experiment& experiment, const std::vector<ConditionFigures>& conditions) {
  const PairedTest test = experiment.statistics.test;
  Json rows = Json::array();
  std::vector<double> p_values;
  size_t most_seeds = 0;
  for (const ConditionFigures& of : conditions)
    for (const std::string& family : References(experiment, *of.condition)) {
      const ConditionFigures& against = MostAlike(conditions, family, *of.condition);
      for (const std::string& figure : FigureNames(conditions)) {
        std::vector<double> differences;
        for (size_t s = 0; s < of.seeds.size(); ++s) {
          if (!of.seeds[s] || !against.seeds[s]) continue;
          const auto own = FigureOf(*of.seeds[s], figure), other = FigureOf(*against.seeds[s], figure);
          if (own && other) differences.push_back(*own - *other);
        }
        if (differences.empty()) continue;
        most_seeds = std::max(most_seeds, differences.size());
        const MeanOverSeeds mean = MeanOf(differences);
        const auto p = PairedPValue(differences, test);
        if (p) p_values.push_back(*p);
        rows.push_back({{"condition", of.condition->name},
                        {"against", against.condition->name},
                        {"figure", figure},
                        {"difference", mean.mean},
                        {"interval", IntervalOf(mean)},
                        {"p_value", p ? Json(*p) : Json(nullptr)},
                        {"p_holm", nullptr},
                        {"seeds", differences.size()}});
      }
    }
  const std::vector<double> corrected = HolmCorrected(p_values);
  size_t next = 0;
  for (Json& row : rows)
    if (!row["p_value"].is_null()) row["p_holm"] = corrected[next++];
  const bool signs = test == PairedTest::kPermutation && most_seeds <= kMostSigns;
  return {{"method", signs ? "exact sign-flip test, two-sided" : "paired t test, two-sided"},
          {"seeds", most_seeds},
          {"count", p_values.size()},
          {"rows", rows}};
}

Json Fronts(const std::vector<ConditionFigures>& conditions) {
  Json fronts = Json::array();
  for (const std::string& figure : FigureNames(conditions))
    for (const std::string& family : Families(conditions)) {
      if (figure == kClean) continue;
      Json points = Json::array();
      for (const ConditionFigures& each : conditions) {
        if (each.condition->family != family) continue;
        const auto values = Values(each, [&](const SeedFigures& seed) { return FigureOf(seed, figure); });
        if (values.empty()) continue;
        const MeanOverSeeds mean = MeanOf(values);
        points.push_back(
            {{"condition", each.condition->name},
             {"clean_accuracy",
              MeanValue(
                  Values(each, [](const SeedFigures& seed) { return std::optional(seed.clean_accuracy); }))},
             {"accuracy", mean.mean},
             {"standard_error", mean.standard_error ? Json(*mean.standard_error) : Json(nullptr)}});
      }
      if (!points.empty()) fronts.push_back({{"figure", figure}, {"family", family}, {"points", points}});
    }
  return fronts;
}

Json MatchedComparisons(const Experiment& experiment, const std::vector<ConditionFigures>& conditions) {
  Json rows = Json::array();
  for (const ConditionFigures& of : conditions)
    for (const std::string& against : References(experiment, *of.condition))
      for (const std::string& figure : FigureNames(conditions)) {
        if (figure == kClean) continue;
        if (Json row = Match(conditions, of, against, figure); !row.is_null()) rows.push_back(std::move(row));
      }
  return rows;
}

Json SelectOnValidation(const Experiment& experiment, const std::vector<ConditionFigures>& conditions) {
  Json selection = Json::array();
  for (const std::string& family : Families(conditions)) {
    Json best;
    for (const ConditionFigures& each : conditions) {
      if (each.condition->family != family || !each.condition->options.regularized()) continue;
      const bool baseline = std::any_of(conditions.begin(), conditions.end(),
                                        [](const auto& other) { return other.condition->family == kNone; });
      if (!baseline) continue;
      const ConditionFigures& none = MostAlike(conditions, kNone, *each.condition);
      std::vector<double> reference, accuracy, noisy;  // of the seeds that both have
      for (size_t seed = 0; seed < each.seeds.size(); ++seed) {
        if (!each.seeds[seed] || !none.seeds[seed]) continue;
        const SeedFigures &own = *each.seeds[seed], &other = *none.seeds[seed];
        if (!own.validation_accuracy || !own.validation_accuracy_noise || !other.validation_accuracy)
          continue;
        reference.push_back(*other.validation_accuracy);
        accuracy.push_back(*own.validation_accuracy);
        noisy.push_back(*own.validation_accuracy_noise);
      }
      if (reference.empty() || MeanValue(reference) <= 0) continue;
      const double kept = MeanValue(accuracy) / MeanValue(reference);
      if (kept < experiment.statistics.kept_share) continue;
      if (!best.is_null() && best["validation_accuracy_noise"] >= MeanValue(noisy)) continue;
      best = {{"family", family},
              {"condition", each.condition->name},
              {"alpha", each.condition->options.alpha},
              {"validation_accuracy", MeanValue(accuracy)},
              {"validation_accuracy_noise", MeanValue(noisy)},
              {"kept_share", kept}};
    }
    if (!best.is_null()) selection.push_back(std::move(best));
  }
  return selection;
}

}  // namespace murine
