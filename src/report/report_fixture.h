// SPDX-License-Identifier: Apache-2.0
// For tests of the report: results of every command, a folder for them, and what the page's script reads.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "report/report.h"

namespace murine::report_fixture {

namespace fs = std::filesystem;

inline const std::string kHostile = "</script><script>alert(1)</script><!--\xe2\x80\xa8& {{page.js}}";

inline Json Evaluation(double accuracy) {
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

inline Json Experiment(const std::string& condition) {
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
inline std::string FiguresText(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"figures\">";
  const size_t first = page.find(open) + open.size();
  return page.substr(first, page.find("</script>", first) - first);
}
inline Json Figures(const std::string& page) { return Json::parse(FiguresText(page)); }

inline std::string ErrorOf(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace murine::report_fixture
