// SPDX-License-Identifier: Apache-2.0
#include "report/neuron_figures.h"

#include <gmock/gmock.h>

#include "io/file.h"
#include "io/json_lines.h"
#include "io/temporary_folder.h"
#include "report/report.h"

namespace murine::neuron_figures_test {

using testing::HasSubstr;

Json Recording(const std::string& name) {
  return {{"name", name},
          {"height", 1},
          {"width", 2},
          {"gradient_images", 3},
          {"neurons",
           {{{"rank", "best"},
             {"neuron", 7},
             {"single_trial_correlation", 0.5},
             {"correlation_to_average", nullptr},
             {"responses",
              {{"image_ids", {4, 9}},
               {"repeats", {3, 1}},
               {"recorded", {1.5, 2.5}},
               {"standard_error", {0.25, nullptr}},
               {"predicted", {1.25, 2.25}}}},
             {"gradient", {{"limit", 2}, {"values", {-1, 0.5}}}},
             {"gradient_size", {{"limit", 3}, {"values", {0.5, 1}}}}}}}};
}

Json Model(const Json& recordings) {
  return {{"scores", {{"neurons", 20}, {"single_trial_correlation", 0.25}}}, {"recordings", recordings}};
}

// What the page's script reads.
Json Figures(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"figures\">";
  const size_t first = page.find(open) + open.size();
  return Json::parse(page.substr(first, page.find("</script>", first) - first));
}

TEST(NeuronFigures, AModelIsShownWithItsNeurons) {
  const TemporaryFolder folder;
  const std::string model = folder / "mouse.safetensors", out = folder / "report.html";
  WriteJson(model + ".figures.json", Model(Json::array({Recording("</script>one")})));
  WriteFileAtomically(model + ".fields.png", "\x89PNG");
  MakeReport({.paths = {model}}, out);
  const std::string page = ReadFile(out);
  EXPECT_THAT(page, Not(HasSubstr("</script>one")));
  const Json shown = Figures(page)["encoding_models"][0];
  EXPECT_EQ(shown["name"], "mouse");
  EXPECT_EQ(shown["neurons"], 20);
  ASSERT_EQ(shown["examples"].size(), 1u);
  EXPECT_EQ(shown["examples"][0]["name"], "</script>one");
  EXPECT_EQ(shown["examples"][0]["png"], "data:image/png;base64,iVBORw==");
  EXPECT_EQ(shown["examples"][0]["neurons"],
            Json::parse(R"([{"rank": "best", "neuron": 7, "single_trial_correlation": 0.5,
              "correlation_to_average": null, "limit": 2, "size_limit": 3, "gradient": [-1, 0.5], "size": [0.5, 1],
              "responses": [{"image": 4, "repeats": 3, "recorded": 1.5, "se": 0.25, "predicted": 1.25},
                            {"image": 9, "repeats": 1, "recorded": 2.5, "se": null, "predicted": 2.25}]}])"));
}

TEST(NeuronFigures, AnExperimentShowsThoseOfItsModels) {
  const TemporaryFolder folder;
  Json results = {
      {"name", "small"}, {"conditions", Json::array()}, {"encoding_models", {{{"name", "mouse"}}}}};
  const auto put = [&](const std::string& file) {
    WriteFileAtomically(folder / file, "weights");
    WriteJson(folder / (file + ".figures.json"), Model(Json::array({Recording("one"), Recording("two")})));
    for (const char* scan : {".scan0.fields.png", ".scan1.fields.png"})
      WriteFileAtomically(folder / (file + scan), scan);
  };
  std::filesystem::create_directory(folder / "models");
  put("models/mouse-0123.safetensors");
  put("models/other-mouse-0123.safetensors");
  const auto shown = [&] {
    return Figures(ReportPage(results, "results", folder.path()))["encoding_models"][0];
  };
  ASSERT_EQ(shown()["examples"].size(), 2u);
  EXPECT_EQ(shown()["examples"][1]["name"], "two");
  EXPECT_NE(shown()["examples"][0]["png"], shown()["examples"][1]["png"]);
  put("models/mouse-4567.safetensors");  // of another version of the experiment: which is the one?
  EXPECT_FALSE(shown().contains("examples"));
  results["encoding_models"][0]["key"] = "4567";
  EXPECT_EQ(shown()["examples"].size(), 2u);
  EXPECT_FALSE(Figures(ReportPage(results))["encoding_models"][0].contains("examples"));
}

TEST(NeuronFigures, WrongOnesAreNamed) {
  const TemporaryFolder folder;
  const std::string model = folder / "mouse.safetensors";
  WriteFileAtomically(model + ".fields.png", "\x89PNG");
  const auto fault = [&](const std::string& at, const Json& value) {
    Json wrong = Recording("one");
    wrong[Json::json_pointer(at)] = value;
    WriteJson(model + ".figures.json", Model(Json::array({wrong})));
    return MessageOf([&] { MakeReport({.paths = {model}}, folder / "report.html"); });
  };
  EXPECT_THAT(fault("/width", 3), HasSubstr("recordings[0].neurons[0].gradient.values: expected 3 numbers"));
  EXPECT_THAT(fault("/neurons/0/gradient/values/1", 1.5), HasSubstr("neurons[0].gradient.values[1]"));
  EXPECT_THAT(fault("/neurons/0/responses/predicted", {1}), HasSubstr("lists of the same length"));
  EXPECT_THAT(fault("/neurons/0/responses/recorded/0", nullptr), HasSubstr("responses.recorded[0]"));
  EXPECT_THAT(fault("/height", 1 << 30), HasSubstr("height: expected the size of an image"));
  std::filesystem::remove(model + ".fields.png");
  EXPECT_THAT(fault("/gradient_images", 3), HasSubstr("mouse.safetensors.fields.png"));
  std::string bytes = ReadFile(model + ".figures.json");
  bytes[bytes.find("gradient_images")] = 'G';
  WriteFileAtomically(model + ".figures.json", bytes);
  EXPECT_THAT(MessageOf([&] { MakeReport({.paths = {model}}, folder / "report.html"); }),
              AllOf(HasSubstr("the file is damaged"), HasSubstr("mouse.safetensors.figures.json: expected")));
  std::filesystem::remove(model + ".figures.json");
  EXPECT_THAT(MessageOf([&] { MakeReport({.paths = {model}}, folder / "report.html"); }),
              HasSubstr("mouse.safetensors.figures.json"));
}

}  // namespace murine::neuron_figures_test
