// SPDX-License-Identifier: Apache-2.0
#include "report/statistics_figures.h"

#include <gmock/gmock.h>

#include "io/temporary_folder.h"
#include "report/report.h"

namespace murine::statistics_figures_test {

using testing::HasSubstr;

Json Results() {
  return Json::parse(R"({
    "name": "sweep",
    "conditions": [{"name": "none", "family": "none", "alpha": null, "seeds": 3, "clean_accuracy": 0.9},
                   {"name": "neural-20", "family": "neural", "alpha": 20, "seeds": 3, "clean_accuracy": 0.88}],
    "comparisons": {"method": "paired t test over seeds, Holm's correction", "seeds": 3, "count": 2, "rows": [
      {"condition": "neural-20", "against": "none", "figure": "gaussian:0.1", "difference": 0.125,
       "interval": [0.0625, 0.1875], "p_value": 0.01, "p_holm": 0.02},
      {"condition": "neural-20", "against": "none", "figure": "clean_accuracy", "difference": null,
       "interval": null, "p_value": null, "p_holm": null}]},
    "fronts": [{"figure": "gaussian:0.1", "family": "neural", "points": [
      {"condition": "neural-20", "clean_accuracy": 0.88, "accuracy": 0.5, "standard_error": 0.01},
      {"condition": "neural-40", "clean_accuracy": 0.8, "accuracy": 0.6, "standard_error": null},
      {"condition": "neural-80", "clean_accuracy": null, "accuracy": null, "standard_error": null}]}],
    "matched": [{"family": "neural", "against": "none", "figure": "gaussian:0.1", "clean_accuracy": 0.85,
      "accuracy": 0.55, "accuracy_against": 0.45, "difference": 0.1, "interval": [0.05, 0.15]}],
    "selection": [{"family": "neural", "condition": "neural-20", "alpha": 20, "validation_accuracy": 0.89,
      "validation_accuracy_noise": 0.52, "kept_share": 0.95}]})");
}

Json StatisticsOf(const Json& results, const std::string& prefix = "") {
  return StatisticsFigures(Field(results, "results.json"), prefix);
}

TEST(StatisticsFigures, HoldWhatTheExperimentSays) {
  const Json results = Results(), figures = StatisticsOf(results);
  const Json& comparisons = figures["comparisons"];
  EXPECT_EQ(comparisons["method"], results["comparisons"]["method"]);
  EXPECT_EQ(comparisons["seeds"], 3);
  EXPECT_EQ(comparisons["count"], 2);
  EXPECT_EQ(comparisons["rows"], Json::array({results["comparisons"]["rows"][0]}));  // no difference: no row
  const Json& points = figures["fronts"][0]["points"];
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[0], results["fronts"][0]["points"][0]);
  EXPECT_TRUE(points[1]["standard_error"].is_null());
  EXPECT_EQ(figures["matched"].size(), 1u);
  for (const auto& [key, value] : results["matched"][0].items()) EXPECT_EQ(figures["matched"][0][key], value);
  EXPECT_EQ(figures["selection"], results["selection"]);
}

TEST(StatisticsFigures, NamesOfSeveralExperimentsAreToldApart) {
  const Json figures = StatisticsOf(Results(), "sweep: ");
  EXPECT_EQ(figures["comparisons"]["rows"][0]["against"], "sweep: none");
  EXPECT_EQ(figures["fronts"][0]["points"][0]["condition"], "sweep: neural-20");
  EXPECT_EQ(figures["matched"][0]["family"], "sweep: neural");
  EXPECT_EQ(figures["selection"][0]["condition"], "sweep: neural-20");
}

TEST(StatisticsFigures, WhatIsMissingIsLeftOut) {
  Json results = Results();
  for (const char* key : {"comparisons", "fronts", "matched", "selection"}) results.erase(key);
  EXPECT_TRUE(StatisticsOf(results).is_null());
  EXPECT_THAT(ReportPage(results), HasSubstr("\"statistics\":[]"));
  EXPECT_THAT(ReportPage(Results()), HasSubstr("\"statistics\":[{\"comparisons\""));
  results["selection"] = Json::array();
  EXPECT_TRUE(StatisticsOf(results).is_null());
}

TEST(StatisticsFigures, WrongOnesAreNamed) {
  const auto fault = [](const char* at, const Json& value) {
    Json results = Results();
    results[Json::json_pointer(at)] = value;
    return MessageOf([&] { StatisticsOf(results); });
  };
  EXPECT_THAT(fault("/comparisons/rows/0/p_holm", 2), HasSubstr("comparisons.rows[0].p_holm"));
  EXPECT_THAT(fault("/comparisons/rows/0/interval", {1}), HasSubstr("comparisons.rows[0].interval"));
  EXPECT_THAT(fault("/comparisons/seeds", 2.5), HasSubstr("comparisons.seeds"));
  EXPECT_THAT(fault("/fronts/0/points/0/accuracy", 50), HasSubstr("fronts[0].points[0].accuracy"));
  EXPECT_THAT(fault("/matched/0/family", nullptr), HasSubstr("matched[0].family"));
  EXPECT_THAT(fault("/selection/0/alpha", "20"), HasSubstr("selection[0].alpha"));
}

}  // namespace murine::statistics_figures_test
