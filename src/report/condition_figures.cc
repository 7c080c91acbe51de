// SPDX-License-Identifier: Apache-2.0
#include "report/condition_figures.h"

#include <utility>

namespace murine {
namespace {

constexpr size_t kStages = 5;

// Accuracy and its spread; null where there is no accuracy.
Json Score(const Field& accuracy, const Field& se, const Field& interval) {
  if (accuracy.missing()) return nullptr;
  Json score = {{"accuracy", accuracy.Number(0, 1)}};
  PutUnlessNull(score, "se", se.Number(0, 1));
  PutUnlessNull(score, "interval", interval.Numbers(2, 0, 1));
  return score;
}

Json Tests(const Field& tests) {
  Json list = Json::array();
  for (const Field& test : tests.Entries()) {
    const std::string name = test["name"].RequiredText();
    Json entry = Score(test["accuracy"], test["accuracy_se"], test["interval"]);
    const char* axis = test.Has("epsilon") ? "epsilon" : "level";
    // least perturbations have no level, single corruptions a table of their own
    if (entry.is_null() || !test.Has(axis) || test.Has("set")) continue;
    entry["name"] = name;
    PutUnlessNull(entry, "norm", test["norm"].Text());
    entry[axis] = test[axis].Number(0, kAny);
    PutUnlessNull(entry, "steps", test["steps"].Count());
    PutUnlessNull(entry, "restarts", test["restarts"].Count());
    list.push_back(std::move(entry));
  }
  return list;
}

// One corruption at one severity.
Json Corruptions(const Field& tests) {
  Json list = Json::array();
  for (const Field& test : tests.Entries())
    if (test.Has("set") && test.Has("accuracy"))
      list.push_back({{"set", test["set"].RequiredText()},
                      {"name", test["name"].RequiredText()},
                      {"severity", test["level"].Number(1, 5)},
                      {"accuracy", test["accuracy"].Number(0, 1)}});
  return list;
}

// Searches for the least perturbation: its median and how many fall to one of at most epsilon.
Json Perturbations(const Field& tests) {
  Json list = Json::array();
  for (const Field& test : tests.Entries()) {
    if (!test.Has("success_over_epsilon")) continue;
    Json entry = {{"name", test["name"].RequiredText()}, {"norm", test["norm"].RequiredText()}};
    PutUnlessNull(entry, "median", test["median_perturbation"].Number(0, kAny));
    PutUnlessNull(entry, "quartiles", test["quartiles"].Numbers(2, 0, kAny));
    Json points = Json::array();
    for (const Field& point : test["success_over_epsilon"].Entries())
      if (point.Has("success_rate"))
        points.push_back({{"epsilon", point["epsilon"].Number(0, kAny)},
                          {"success_rate", point["success_rate"].Number(0, 1)}});
    entry["points"] = std::move(points);
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

Json ConditionFigure(const Field& results, const Field& training, const std::string& name) {
  Json condition = {{"name", name}};
  PutUnlessNull(condition, "seeds", results["seeds"].Count());
  PutUnlessNull(condition, "images", results["n"].Count());
  PutUnlessNull(condition, "description", results["model_description"].Text());
  PutUnlessNull(condition, "clean",
                Score(results["clean_accuracy"], results["clean_accuracy_se"], results["clean_interval"]));
  condition["tests"] = Tests(results["tests"]);
  for (auto [key, list] : {std::pair{"corruptions", Corruptions(results["tests"])},
                           std::pair{"perturbations", Perturbations(results["tests"])}})
    if (!list.empty()) condition[key] = std::move(list);
  PutUnlessNull(condition, "stage_weights", training["stage_weights"].Numbers(kStages, 0, 1));
  PutUnlessNull(condition, "best_epoch", training["best_epoch"].Number(-1, kAny));
  return condition;
}

}  // namespace murine
