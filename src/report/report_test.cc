// SPDX-License-Identifier: Apache-2.0
// Results become what the page shows.
#include <gmock/gmock.h>

#include <filesystem>

#include "report/report_fixture.h"

namespace murine::report_test {

using namespace report_fixture;
using testing::HasSubstr;

TEST_F(ReportTest, EvaluationsBecomeConditionsNamedByTheirFiles) {
  const Json result = Make({Put("baseline.json", Evaluation(0.9)), Put("neural.json", Evaluation(0.88))});
  EXPECT_EQ(result, (Json{{"report", "report.html"}, {"conditions", 2}}));
  const Json figures = Figures(ReadFile(Out()));
  EXPECT_EQ(figures["conditions"][0]["name"], "baseline");
  EXPECT_EQ(figures["conditions"][1]["name"], "neural");
  EXPECT_EQ(figures["conditions"][1]["clean"]["accuracy"], 0.88);
  EXPECT_EQ(figures["conditions"][0]["tests"][0]["level"], 0.1);
  EXPECT_EQ(figures["conditions"][0]["tests"][1]["epsilon"], 4 / 255.0);
  EXPECT_EQ(figures["conditions"][0]["tests"][1]["interval"], (Json{0.17, 0.23}));
  EXPECT_EQ(figures["setups"][0]["command"],
            "murine evaluate MODEL --data 'fashion-mnist' --noise 'gaussian:0.1' --out RESULTS.json");
  EXPECT_TRUE(figures["notes"].empty());
}

TEST_F(ReportTest, EvaluationsOfOtherImagesAreRemarkedOn) {
  Json other = Evaluation(0.9);
  other["config"]["data_hash"] = "bb";
  Make({Put("a.json", Evaluation(0.9)), Put("b.json", other)});
  EXPECT_THAT(Figures(ReadFile(Out()))["notes"].dump(), HasSubstr("data_hash"));
}

TEST_F(ReportTest, AnExperimentIsReadFromItsFolderOrFile) {
  const std::string file = Put("experiment/results.json", Experiment("neural"));
  EXPECT_EQ(Make({(folder_ / "experiment/").string()})["conditions"], 1);
  const std::string page = ReadFile(Out());
  Make({file});
  EXPECT_EQ(ReadFile(Out()), page);
  EXPECT_EQ(ReportPage(Experiment("neural")), page);

  const Json figures = Figures(page);
  EXPECT_EQ(figures["title"], "small");
  const Json& condition = figures["conditions"][0];
  EXPECT_EQ(condition["seeds"], 3);
  EXPECT_FALSE(condition["clean"].contains("se"));  // null: one seed
  ASSERT_EQ(condition["tests"].size(), 1);          // a minimal perturbation has no level
  EXPECT_EQ(condition["tests"][0]["se"], 0.01);
  EXPECT_EQ(condition["stage_weights"], (Json{0.1, 0.2, 0.4, 0.2, 0.1}));
  EXPECT_EQ(figures["encoding_models"], (Json::array({{{"name", "mouse-1"}, {"neurons", 500}}})));
  EXPECT_EQ(figures["targets"][0]["pairs"], 4950);
  EXPECT_EQ(ParseToml(figures["setups"][0]["configuration"].get<std::string>(), "toml"),
            Experiment("neural")["experiment"]);
}

TEST_F(ReportTest, CorruptionsPerturbationsAndWarningsAreShown) {
  Json results = Evaluation(0.9);
  const auto corruption = [](int severity, double accuracy) -> Json {
    return {{"name", "fog"},
            {"set", "cifar10-c-like"},
            {"norm", nullptr},
            {"level", severity},
            {"accuracy", accuracy}};
  };
  results["tests"].push_back(corruption(1, 0.8));
  results["tests"].push_back(corruption(5, 0.4));
  results["tests"].push_back(
      {{"name", "fmn"},
       {"norm", "l2"},
       {"accuracy", 0.0},
       {"median_perturbation", 0.1},
       {"quartiles", {0.05, nullptr}},
       {"success_over_epsilon", {{{"epsilon", 0.1}, {"success_rate", 0.5}, {"accuracy", 0.4}}}}});
  results["warnings"] = {{{"check", "zero-gradients"}, {"text", "gradients are masked"}}};
  const Json figures = Figures(ReportPage(results, "x"));
  const Json& condition = figures["conditions"][0];
  EXPECT_EQ(condition["tests"].size(), 2);  // neither of the two has a curve over levels
  EXPECT_EQ(condition["corruptions"][1],
            (Json{{"set", "cifar10-c-like"}, {"name", "fog"}, {"severity", 5}, {"accuracy", 0.4}}));
  EXPECT_EQ(condition["perturbations"],
            (Json::array({{{"name", "fmn"},
                           {"norm", "l2"},
                           {"median", 0.1},
                           {"points", {{{"epsilon", 0.1}, {"success_rate", 0.5}}}}}})));
  EXPECT_EQ(figures["notes"], Json::array({"x: gradients are masked."}));
  results["tests"][2]["level"] = 6;
  EXPECT_THAT(ErrorOf([&] { ReportPage(results, "x"); }), HasSubstr("tests[2].level"));
}

TEST_F(ReportTest, ATrainingRunIsACondition) {
  Put("runs/neural/results.json",
      {{"config", {{"alpha", 20}}}, {"result", {{"clean_accuracy", 0.9}, {"n", 100}, {"best_epoch", 3}}}});
  Make({(folder_ / "runs/neural").string()});
  const Json condition = Figures(ReadFile(Out()))["conditions"][0];
  EXPECT_EQ(condition["name"], "neural");
  EXPECT_EQ(condition["clean"]["accuracy"], 0.9);
}

TEST_F(ReportTest, RecordingsAreDescribed) {
  Json edges = Json::array(), counts = Json::array();
  for (int i = 0; i <= 20; ++i) edges.push_back(i / 20.0);
  for (int i = 0; i < 20; ++i) counts.push_back(i);
  const Json inspection = {
      {"neurons", 190},       {"image_size", {1, 36, 64}},
      {"fev", 0.3},           {"repeats", nullptr},
      {"faults", {kHostile}}, {"histograms", {{"fev", {{"edges", edges}, {"counts", counts}}}}}};
  const std::string path = Put("scan.json", inspection);
  WriteFileAtomically(path + ".images.png", "\x89PNG");
  Make({path});
  const std::string page = ReadFile(Out());
  EXPECT_EQ(Figures(page)["recordings"],
            (Json::array({{{"name", "scan"},
                           {"neurons", 190},
                           {"fev", 0.3},
                           {"faults", {kHostile}},
                           {"histograms", {{{"key", "fev"}, {"edges", edges}, {"counts", counts}}}},
                           {"picture", "iVBORw=="}}})));  // base64 of the four bytes: python3 -m base64
  EXPECT_EQ(page.find("<script>alert"), page.npos);
  Json wrong = inspection;
  wrong["histograms"]["fev"]["counts"][3] = -1;
  EXPECT_THAT(ErrorOf([&] { ReportPage(wrong, "x.json"); }), HasSubstr("histograms.fev.counts[3]"));
}

TEST_F(ReportTest, WhatIsMissingIsNotShown) {
  const Json figures = Figures(ReportPage({{"clean_accuracy", 0.5}}, "only"));
  EXPECT_EQ(figures["conditions"],
            (Json::array({{{"name", "only"}, {"clean", {{"accuracy", 0.5}}}, {"tests", Json::array()}}})));
}

TEST_F(ReportTest, ConditionsThatHaveNotFinishedAreNamed) {
  Json results = Experiment("neural");
  results["conditions"].push_back({{"name", "slow"}, {"seeds", 0}});
  const Json figures = Figures(ReportPage(results));
  EXPECT_EQ(figures["conditions"].size(), 1);
  EXPECT_EQ(figures["notes"], Json::array({"Not finished, and so not shown: slow."}));
}

TEST_F(ReportTest, ConditionsOfOneNameAreToldApart) {
  const std::string one = Put("one/results.json", Experiment("neural"));
  const std::string file = Put("neural.json", Evaluation(0.9));
  Make({one, file});
  Json figures = Figures(ReadFile(Out()));
  EXPECT_EQ(figures["conditions"][0]["name"], "neural");
  EXPECT_EQ(figures["conditions"][1]["name"], "neural (2)");

  Json other = Experiment("neural");
  other["name"] = "large";
  Make({one, Put("two/results.json", other)});
  figures = Figures(ReadFile(Out()));
  EXPECT_EQ(figures["conditions"][0]["name"], "small: neural");
  EXPECT_EQ(figures["conditions"][1]["name"], "large: neural");
  EXPECT_EQ(figures["targets"][1]["name"], "large: neural");
}

}  // namespace murine::report_test
