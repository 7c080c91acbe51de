// SPDX-License-Identifier: Apache-2.0
#include "experiment/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiment/comparisons.h"
#include "experiment/input_hash.h"
#include "experiment/statistics.h"

namespace murine {
namespace {

// Adds the mean of `values` as `key`, its standard error as `key`_se and its 95 % interval as `key`_interval.
void AddMean(Json& object, const std::string& key, const std::vector<double>& values) {
  const MeanOverSeeds mean = MeanOf(values);
  object[key] = mean.mean;
  object[key + "_se"] = mean.standard_error ? Json(*mean.standard_error) : Json(nullptr);
  object[key + "_interval"] =
      mean.interval ? Json{mean.interval->first, mean.interval->second} : Json(nullptr);
}

std::vector<double> Collect(const std::vector<Json>& results, const Json::json_pointer& at) {
  std::vector<double> values;
  for (const Json& result : results)
    if (result.at(at).is_number()) values.push_back(result.at(at).get<double>());
  return values;
}

// Every seed ran the same tests in the same order. What is no mean over seeds is kept where there is one
// alone.
Json SummarizeTests(const std::vector<Json>& results) {
  Json tests = Json::array();
  for (size_t i = 0; i < results[0]["tests"].size(); ++i) {
    Json test = results[0]["tests"][i];
    for (const char* key : {"seconds", "clean_accuracy", "queries", "n_correct"}) test.erase(key);
    if (results.size() > 1)
      for (const char* key : {"interval", "quartiles", "quartiles_correct", "median_interval"})
        test.erase(key);
    const std::string here = fmt::format("/tests/{}/", i);
    for (const char* key :
         {"accuracy", "success_rate", "median_perturbation", "median_perturbation_correct"}) {
      if (!test.contains(key)) continue;
      test.erase(key);
      const auto values = Collect(results, Json::json_pointer(here + key));
      // a median is missing where it is infinite: the mean is then, too
      const bool known =
          std::string_view(key).starts_with("median") ? values.size() == results.size() : !values.empty();
      if (known) AddMean(test, key, values);
    }
    if (results.size() > 1 && test.contains("success_over_epsilon"))
      for (size_t k = 0; k < test["success_over_epsilon"].size(); ++k)
        for (const char* key : {"success_rate", "accuracy"})
          if (const auto values = Collect(
                  results, Json::json_pointer(fmt::format("{}success_over_epsilon/{}/{}", here, k, key)));
              !values.empty())
            AddMean(test["success_over_epsilon"][k], key, values);
    tests.push_back(std::move(test));
  }
  return tests;
}

Json SummarizeCondition(const Condition& of, const std::vector<Json>& trainings,
                        const std::vector<Json>& evaluations) {
  Json condition = {{"name", of.name}, {"family", of.family}, {"seeds", evaluations.size()}};
  if (of.options.regularized()) condition["alpha"] = of.options.alpha;
  if (evaluations.empty()) return condition;
  AddMean(condition, "clean_accuracy", Collect(evaluations, Json::json_pointer("/clean_accuracy")));
  if (evaluations.size() == 1) condition["clean_interval"] = evaluations[0]["clean_interval"];
  condition["n"] = evaluations[0]["n"];
  condition["tests"] = SummarizeTests(evaluations);
  Json train = Json::object();
  AddMean(train, "clean_accuracy", Collect(trainings, Json::json_pointer("/clean_accuracy")));
  AddMean(train, "validation_loss", Collect(trainings, Json::json_pointer("/validation_loss")));
  AddMean(train, "best_epoch", Collect(trainings, Json::json_pointer("/best_epoch")));
  Json weights = Json::array();
  for (size_t k = 0; k < trainings[0]["stage_weights"].size(); ++k) {
    Json weight;
    AddMean(weight, "mean", Collect(trainings, Json::json_pointer(fmt::format("/stage_weights/{}", k))));
    weights.push_back(weight["mean"]);
  }
  train["stage_weights"] = weights;
  condition["train"] = train;
  return condition;
}

// Named results of the stages of one table, without what changes from run to run.
template <class Options>
Json SummarizeTable(const std::vector<Named<Options>>& entries, const std::vector<size_t>& table_stages,
                    const Plan& plan, const std::vector<StageOutcome>& outcomes) {
  Json table = Json::array();
  size_t next = 0;
  for (const Named<Options>& entry : entries) {
    if (!entry.file.empty()) continue;
    const size_t stage = table_stages[next++];
    const std::optional<Json>& result = outcomes[stage].result;
    if (!result) continue;
    Json named = {{"name", entry.name}, {"key", plan.stages[stage].key}};
    for (const auto& [key, value] : result->items())
      if (!value.is_structured() && key != "seconds" && key != "images_per_second" && key != "name" &&
          key != "key")
        named[key] = value;
    table.push_back(std::move(named));
  }
  return table;
}

std::string Percent(const Json& object, const std::string& key) {
  const double value = 100 * object[key].get<double>();
  const Json& error = object[key + "_se"];
  return error.is_null() ? fmt::format("{:.1f}", value)
                         : fmt::format("{:.1f} ± {:.1f}", value, 100 * error.get<double>());
}

// What the encoding models know, in one line each.
std::string FormatModels(const Json& models) {
  std::string text;
  for (const Json& model : models) {
    const auto add = [&](const char* key, const char* what) {
      if (model.contains(key) && model[key].is_number())
        text += fmt::format("; {} {:.3f}", what, model[key].get<double>());
    };
    text += fmt::format("\nencoding model {}: {} neurons", model["name"].get<std::string>(),
                        model["neurons"].get<int64_t>());
    add("single_trial_correlation", "correlation with single trials");
    add("truth_correlation", "with the noise-free truth");
    add("similarity_truth_model", "its similarities with the true ones");
    add("similarity_truth_single_trial", "those of single trials");
  }
  return text.empty() ? text : text + "\n";
}

std::string FormatConditions(const Json& summary) {
  constexpr int kLabel = 24, kColumn = 14;
  std::vector<Json> conditions;
  for (const Json& condition : summary["conditions"])
    if (condition.contains("tests")) conditions.push_back(condition);
  if (conditions.empty()) return "no condition has finished\n";
  std::string text = fmt::format("{:<{}}", "accuracy in %", kLabel);
  for (const Json& condition : conditions)
    text += fmt::format(" {:>{}}", condition["name"].get<std::string>(), kColumn);
  const auto row = [&](const std::string& label, const auto& cell) {
    text += fmt::format("\n{:<{}}", label, kLabel);
    for (const Json& condition : conditions) text += fmt::format(" {:>{}}", cell(condition), kColumn);
  };
  row("clean", [](const Json& condition) { return Percent(condition, "clean_accuracy"); });
  for (size_t i = 0; i < conditions[0]["tests"].size(); ++i) {
    const Json& test = conditions[0]["tests"][i];
    if (test.contains("set")) continue;  // one of up to a hundred corruptions: their means follow
    const bool least = !test.contains("level") && !test.contains("epsilon");
    row(TestLabel(test), [i, least](const Json& condition) {
      const Json& cell = condition["tests"][i];
      if (!least) return Percent(cell, "accuracy");
      return cell.contains("median_perturbation")
                 ? fmt::format("{:.4g}", cell["median_perturbation"].get<double>())
                 : std::string("-");
    });
  }
  return text + "\n";
}

// What validation images alone choose.
std::string FormatSelection(const Json& selection) {
  std::string text;
  for (const Json& row : selection)
    text += fmt::format(
        "\nof {}, validation images choose alpha {:g} ({}): accuracy {:.1f}, {:.1f} % of the baseline's; "
        "under noise {:.1f}",
        row["family"].get<std::string>(), row["alpha"].get<double>(), row["condition"].get<std::string>(),
        100 * row["validation_accuracy"].get<double>(), 100 * row["kept_share"].get<double>(),
        100 * row["validation_accuracy_noise"].get<double>());
  return text.empty() ? text : text + "\n";
}

}  // namespace

Json Summarize(const Experiment& experiment, const Plan& plan, const std::vector<StageOutcome>& outcomes) {
  Json summary = {{"name", experiment.name},
                  {"experiment", DescribeExperiment(experiment)},
                  {"seeds", experiment.seeds},
                  {"conditions", Json::array()}};
  for (size_t c = 0; c < experiment.conditions.size(); ++c) {
    std::vector<Json> trainings, evaluations;
    for (size_t s = 0; s < experiment.seeds.size(); ++s) {
      const size_t i = c * experiment.seeds.size() + s;
      if (!outcomes[plan.evaluations[i]].result || !outcomes[plan.trainings[i]].result) continue;
      trainings.push_back(*outcomes[plan.trainings[i]].result);
      evaluations.push_back(*outcomes[plan.evaluations[i]].result);
    }
    summary["conditions"].push_back(SummarizeCondition(experiment.conditions[c], trainings, evaluations));
  }
  const std::vector<ConditionFigures> figures = FiguresBySeed(experiment, plan, outcomes);
  summary["comparisons"] = CompareConditions(experiment, figures);
  summary["fronts"] = Fronts(figures);
  summary["matched"] = MatchedComparisons(experiment, figures);
  summary["selection"] = SelectOnValidation(experiment, figures);
  summary["recordings"] = SummarizeTable(experiment.recordings, plan.recordings, plan, outcomes);
  summary["encoding_models"] = SummarizeTable(experiment.models, plan.models, plan, outcomes);
  summary["classifiers"] = SummarizeTable(experiment.classifiers, plan.classifiers, plan, outcomes);
  summary["targets"] = SummarizeTable(experiment.targets, plan.targets, plan, outcomes);
  return summary;
}

std::string FormatSummary(const Json& summary) {
  return FormatConditions(summary) + FormatSelection(summary["selection"]) +
         FormatModels(summary["encoding_models"]);
}

}  // namespace murine
