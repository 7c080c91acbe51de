// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

#include "io/file.h"
#include "io/json_lines.h"
#include "report/assets.h"

namespace murine::report_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kHostile = "</script><script>alert(1)</script><!--\xe2\x80\xa8& {{page.js}}";

Json Evaluation(double accuracy) {
  return {{"config",
           {{"model", "3f2a"}, {"data", "fashion-mnist"}, {"noise", "gaussian:0.1"}, {"data_hash", "aa"}}},
          {"model_description", "ResNet-18"},
          {"clean_accuracy", accuracy},
          {"clean_interval", {accuracy - 0.01, accuracy + 0.01}},
          {"n", 1000},
          {"tests",
           {{{"name", "gaussian"},
             {"norm", nullptr},
             {"level", 0.1},
             {"n", 1000},
             {"accuracy", 0.6},
             {"interval", {0.57, 0.63}},
             {"success_rate", 0.3}},
            {{"name", "pgd"},
             {"norm", "linf"},
             {"epsilon", 4 / 255.0},
             {"accuracy", 0.2},
             {"interval", {0.17, 0.23}},
             {"success_rate", nullptr}}}}};
}

Json Experiment(const std::string& condition) {
  return {{"name", "small"},
          {"experiment", {{"seeds", 3}, {"train", {{"alpha", 20}, {"depth", 18}}}}},
          {"seeds", {0, 1, 2}},
          {"conditions",
           {{{"name", condition},
             {"seeds", 3},
             {"clean_accuracy", 0.9},
             {"clean_accuracy_se", nullptr},
             {"tests",
              {{{"name", "gaussian"}, {"level", 0.1}, {"accuracy", 0.7}, {"accuracy_se", 0.01}},
               {{"name", "boundary"}, {"norm", "l2"}, {"median_perturbation", 0.1}}}},
             {"train", {{"best_epoch", 11.3}, {"stage_weights", {0.1, 0.2, 0.4, 0.2, 0.1}}}}}}},
          {"encoding_models", {{{"name", "mouse-1"}, {"neurons", 500}, {"feve", nullptr}}}},
          {"targets", {{{"name", "neural"}, {"kind", "neural"}, {"images", 100}, {"pairs", 4950}}}}};
}

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~ReportTest() override { fs::remove_all(folder_); }

  std::string Put(const std::string& name, const Json& value) {
    WriteJson(folder_ / name, value);
    return (folder_ / name).string();
  }
  Json Make(const std::vector<std::string>& paths) {
    ReportOptions options;
    options.paths = paths;
    return MakeReport(options, Out());
  }
  fs::path Out() const { return folder_ / "report.html"; }

  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      ("report_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

// What the page's script reads.
std::string FiguresText(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"figures\">";
  const size_t first = page.find(open) + open.size();
  return page.substr(first, page.find("</script>", first) - first);
}
Json Figures(const std::string& page) { return Json::parse(FiguresText(page)); }

std::string ErrorOf(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

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

TEST_F(ReportTest, NanIsMissingAsItIsInAFile) {
  Json results = Experiment("neural");
  results["conditions"][0]["clean_accuracy"] = std::nan("");
  results["conditions"][0]["train"]["stage_weights"][2] = std::nan("");
  EXPECT_EQ(ReportPage(results), ReportPage(Json::parse(results.dump())));
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

TEST_F(ReportTest, NamesNeverBecomeMarkup) {
  Json results = Experiment(kHostile);
  results["name"] = kHostile;
  results["experiment"][kHostile] = kHostile;
  results["targets"][0]["name"] = kHostile;
  results["conditions"][0]["tests"][0]["name"] = kHostile;
  const std::string page = ReportPage(results);
  EXPECT_EQ(page.find("<script>alert"), page.npos);
  EXPECT_EQ(FiguresText(page).find_first_of("<>&"), page.npos);
  EXPECT_EQ(FiguresText(page).find("\xe2\x80\xa8"), page.npos);  // U+2028 ends a line of a script
  EXPECT_EQ(Figures(page)["conditions"][0]["name"], kHostile);
  EXPECT_EQ(Figures(page)["title"], kHostile);
  // as many elements as the page of a harmless experiment has
  const auto count = [](const std::string& text, const std::string& what) {
    size_t found = 0;
    for (size_t at = 0; (at = text.find(what, at)) != text.npos; ++at) ++found;
    return found;
  };
  const std::string harmless = ReportPage(Experiment("neural"));
  for (const char* tag : {"<script", "</script", "<!--", "<h1", "<title"})
    EXPECT_EQ(count(page, tag), count(harmless, tag)) << tag;
}

TEST_F(ReportTest, NamesThatAreNotUtf8StillMakeAPage) {
  EXPECT_EQ(Figures(ReportPage({{"clean_accuracy", 0.5}}, "caf\xe9"))["conditions"][0]["name"],
            "caf\xef\xbf\xbd");
}

TEST_F(ReportTest, SameInputsGiveTheSameBytesWithoutPaths) {
  const std::string path = Put("neural.json", Evaluation(0.9));
  Make({path});
  const std::string page = ReadFile(Out());
  Make({path});
  EXPECT_EQ(ReadFile(Out()), page);
  EXPECT_THAT(page, Not(HasSubstr(folder_.string())));
  EXPECT_EQ(ReportPage(Evaluation(0.9), "neural"), page);
}

TEST_F(ReportTest, ThePageAsksNothingOfTheNetwork) {
  std::string page = ReportPage(Experiment("neural"));
  EXPECT_THAT(page,
              HasSubstr("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                        "'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:;"));
  const std::string_view d3 = Asset("d3.js");
  ASSERT_GT(d3.size(), 100'000);
  const size_t at = page.find(d3);
  ASSERT_NE(at, page.npos);
  page.erase(at, d3.size());  // it names the namespaces of SVG and XHTML by their addresses
  const std::string paper = "href=\"https://arxiv.org/abs/1911.05072\"";
  page.erase(page.find(paper), paper.size());
  for (const char* load : {"http://", "https://", "src=", "@import", "url(", "innerHTML", "{{", "fetch("})
    EXPECT_EQ(page.find(load), page.npos) << load;
}

TEST_F(ReportTest, TargetsAreShownWithTheirPictures) {
  const Json target = {{"kind", "pixel"}, {"images", 3}, {"pairs", 3}, {"stimuli_hash", "ab"}};
  Json look = {{"images", 3},
               {"shown", 3},
               {"height", 2},
               {"width", 6},
               {"eigenvalues", {2, 1, 0}},
               {"pairs", {{{"images", {0, 2}}, {"similarity", 0.5}}}},
               {"correlations", {{{"name", "other"}, {"kind", "pixel"}, {"pearson", 0.25}}}}};
  for (const std::string& name : std::vector<std::string>{"S", "experiment/targets/neural-0123456789ab"}) {
    Put(name + ".json", target);
    Put(name + ".figures.json", look);
    for (const char* file : {".npy", ".figures.matrix.png", ".figures.pairs.png"})
      WriteFileAtomically(folder_ / (name + file), "ab\xff\xfe");
  }
  for (const char* typed : {"S.npy", "S.json"}) {
    Make({(folder_ / typed).string()});
    const Json found = Figures(ReadFile(Out()))["targets"][0];
    EXPECT_EQ(found["name"], "S");
    EXPECT_EQ(found["pairs"], 3);
    EXPECT_EQ(found["look"]["file"], "S");
    EXPECT_EQ(found["look"]["eigenvalues"], (Json{2, 1, 0}));
    EXPECT_EQ(found["look"]["matrix_png"], "data:image/png;base64,YWL//g==");
    EXPECT_EQ(found["look"]["correlations"][0]["pearson"], 0.25);
    EXPECT_TRUE(found["look"]["exponent"].is_null());
  }
  Put("experiment/results.json", Experiment("neural"));
  Make({(folder_ / "experiment").string()});
  EXPECT_EQ(Figures(ReadFile(Out()))["targets"][0]["look"]["file"], "neural-0123456789ab");
  EXPECT_EQ(ReportPage(Experiment("neural"), "results", folder_ / "experiment"), ReadFile(Out()));

  look["pairs"][0]["similarity"] = 2;
  Put("S.figures.json", look);
  EXPECT_THAT(ErrorOf([&] { Make({(folder_ / "S.npy").string()}); }),
              HasSubstr("S.figures.json, pairs[0].similarity: expected a number from -1 to 1"));
  fs::remove(folder_ / "S.figures.json");
  Make({(folder_ / "S.npy").string()});
  EXPECT_FALSE(Figures(ReadFile(Out()))["targets"][0].contains("look"));
}

TEST_F(ReportTest, MalformedResultsAreNamed) {
  const auto changed = [](const char* pointer, const Json& value) {
    Json results = Experiment("neural");
    results[Json::json_pointer(pointer)] = value;
    return ErrorOf([&] { ReportPage(results, "x.json"); });
  };
  EXPECT_EQ(
      changed("/conditions/0/clean_accuracy", 90),
      "malformed results in x.json, conditions[0].clean_accuracy: expected a number from 0 to 1, got 90 "
      "(murine evaluate, train and run write what a report reads)");
  EXPECT_THAT(changed("/conditions", 3), HasSubstr("x.json, conditions: expected a list, got 3"));
  EXPECT_THAT(changed("/conditions/0", 3), HasSubstr("conditions[0]"));
  EXPECT_THAT(changed("/conditions/0/name", nullptr), HasSubstr("conditions[0].name: expected a name"));
  EXPECT_THAT(changed("/conditions/0/tests/0/level", "high"), HasSubstr("tests[0].level: expected a number"));
  EXPECT_THAT(changed("/conditions/0/tests/0/accuracy_se", -1), HasSubstr("accuracy_se"));
  EXPECT_THAT(changed("/conditions/0/train/stage_weights", Json{1, 2}), HasSubstr("expected 5 numbers"));
  EXPECT_THAT(changed("/encoding_models/0/neurons", 1.5), HasSubstr("a whole number"));
  EXPECT_THAT(changed("/experiment", "text"), HasSubstr("x.json, experiment: expected an object"));
  Json deep = 1;
  for (int i = 0; i < 100; ++i) deep = Json{{"a", deep}};
  EXPECT_THAT(changed("/experiment", deep), HasSubstr("nested less deeply"));
  EXPECT_THAT(ErrorOf([] { ReportPage(Json::array()); }), HasSubstr("expected an object"));
  EXPECT_THAT(ErrorOf([] { ReportPage({{"a", 1}}); }), HasSubstr("murine evaluate, train, run or inspect"));
  EXPECT_THAT(ErrorOf([] { ReportPage({{"conditions", Json::array()}}); }), HasSubstr("nothing to report"));
}

TEST_F(ReportTest, WrongPathsAreNamedAndHarmNothing) {
  EXPECT_THAT(ErrorOf([&] { Make({}); }), HasSubstr("no results named"));
  EXPECT_THAT(ErrorOf([&] { Make({(folder_ / "none.json").string()}); }), HasSubstr("none.json"));
  EXPECT_THAT(ErrorOf([&] { Make({folder_.string()}); }), HasSubstr("results.json"));
  WriteFileAtomically(folder_ / "half.json", "{\"tests\": [");
  EXPECT_THAT(ErrorOf([&] { Make({(folder_ / "half.json").string()}); }), HasSubstr("malformed JSON"));
  EXPECT_FALSE(fs::exists(Out()));

  const std::string path = Put("neural.json", Evaluation(0.9)), before = ReadFile(path);
  EXPECT_THAT(ErrorOf([&] { MakeReport({.paths = {path}}, path); }), HasSubstr("is no report"));
  EXPECT_EQ(ReadFile(path), before);
}

}  // namespace murine::report_test
