// SPDX-License-Identifier: Apache-2.0
// What `analyze` wrote becomes what the page shows.
#include <gmock/gmock.h>

#include "report/report_fixture.h"

namespace murine::analysis_figures_test {

using namespace report_fixture;
using testing::HasSubstr;

Json Analysis() {
  Json analysis = Json::parse(R"({
    "config": {"severity": 3, "images": 20, "fourier-norm": 4}, "n": 60,
    "conditions": [{"name": "a", "models": 2, "values": {"curvature": {"mean": 1.5, "low": null, "high": null}},
      "curves": {"rsa": {"x": [0, 1], "mean": [0.5, null], "low": [0.25, null], "high": [0.75, null]}},
      "maps": {"fourier_error": {"height": 1, "width": 1, "mean": [0.5]}}}],
    "references": [{"name": "r", "images": 40}],
    "examples": {"labels": [3], "classes": null, "height": 1, "width": 1,
      "noise": {"levels": [0, 0.1], "answers": [{"condition": "a", "classes": [[3, 4]], "confidence": [[0.9, 0.5]]}]},
      "adversarial": [{"condition": "a", "image": 0, "label": 3, "answer": null, "l2": null, "magnified": 1}]}})");
  analysis["conditions"][0]["name"] = analysis["references"][0]["name"] = kHostile;
  return analysis;
}

TEST_F(ReportTest, ShowsAnAnalysisWithItsPictures) {
  const std::string path = Put("why.json", Analysis());
  EXPECT_THAT(ErrorOf([&] { Make({path}); }), HasSubstr("why.json.fourier.0.png"));
  for (const char* name : {"why.json.fourier.0.png", "why.json.noise.png", "why.json.adversarial.png"})
    WriteFileAtomically(folder_ / name, "picture");
  Make({path});
  const std::string page = ReadFile(Out());
  EXPECT_THAT(page, testing::Not(HasSubstr("<script>alert")));
  const Json shown = Figures(page)["analyses"][0];
  EXPECT_EQ(shown["name"], "why");
  EXPECT_EQ(shown["conditions"][0]["name"], kHostile);
  EXPECT_EQ(shown["conditions"][0]["map"], "data:image/png;base64,cGljdHVyZQ==");
  // what is not there is left out
  EXPECT_EQ(shown["conditions"][0]["curves"]["rsa"],
            Json::parse(R"([{"x":0,"y":0.5,"low":0.25,"high":0.75}])"));
  EXPECT_EQ(shown["examples"]["noise"]["answers"][0]["classes"], Json::parse("[[3,4]]"));

  Json wrong = Analysis();
  wrong["examples"]["noise"]["answers"][0]["confidence"] = Json::parse("[[0.9]]");
  Put("why.json", wrong);
  EXPECT_THAT(ErrorOf([&] { Make({path}); }),
              HasSubstr("examples.noise.answers[0].confidence[0]: expected 2 numbers"));
  wrong = Analysis();
  wrong["conditions"][0]["values"]["curvature"]["mean"] = "much";
  Put("why.json", wrong);
  EXPECT_THAT(ErrorOf([&] { Make({path}); }),
              HasSubstr("conditions[0].values.curvature.mean: expected a number"));
}

}  // namespace murine::analysis_figures_test
