// SPDX-License-Identifier: Apache-2.0
// The page itself: no markup from names, no network, the same bytes; wrong results and paths are named.
#include <gmock/gmock.h>

#include <cmath>

#include "report/assets.h"
#include "report/report_fixture.h"

namespace murine::report_page_test {

using namespace report_fixture;
using testing::HasSubstr;

TEST_F(ReportTest, NanIsMissingAsItIsInAFile) {
  Json results = Experiment("neural");
  results["conditions"][0]["clean_accuracy"] = std::nan("");
  results["conditions"][0]["train"]["stage_weights"][2] = std::nan("");
  EXPECT_EQ(ReportPage(results), ReportPage(Json::parse(results.dump())));
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
  // a data address that the page holds, and a place in it
  for (const std::string own : {"url(${png})", "url(#${clip})"}) page.erase(page.find(own), own.size());
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
               {"spread", 0.125},
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
    EXPECT_EQ(found["look"]["spread"], 0.125);
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
  EXPECT_THAT(ErrorOf([] {
                ReportPage({{"a", 1}});
              }),
              HasSubstr("murine evaluate, analyze, train, run or inspect"));
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

}  // namespace murine::report_page_test
