// SPDX-License-Identifier: Apache-2.0
#include "data/inspect.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <sstream>

#include "base/random.h"
#include "data/inspection_file.h"
#include "data/reliability.h"
#include "data/tiny_recording.h"
#include "io/file.h"
#include "io/image_file.h"
#include "io/temporary_folder.h"

namespace murine::inspect_test {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> Faults(const Json& inspection) {
  return inspection["faults"].get<std::vector<std::string>>();
}

double Draw(int64_t image, int64_t repeat, int64_t neuron) {
  return RandomStream(1, "response", neuron, image * 100 + repeat).Exponential() + static_cast<double>(image);
}

// A recording with nothing wrong.
Recording Sound() {
  Recording recording = MakeTinyRecording({3, 1, 3, 1, 3, 3, 3, 3, 3, 3, 3, 3}, 4, Draw);
  recording.tiers[1] = Tier::kValidation;  // image 1 is shown once
  recording.behavior.shape = {recording.trials(), 3};
  recording.pupil_center.shape = {recording.trials(), 2};
  for (int64_t i = 0; i < 3 * recording.trials(); ++i)
    recording.behavior.values.push_back(static_cast<float>(i));
  for (int64_t i = 0; i < 2 * recording.trials(); ++i)
    recording.pupil_center.values.push_back(static_cast<float>(i));
  return recording;
}

TEST(Inspect, FiguresOfASoundRecording) {
  const Recording recording = Sound();
  CheckRecording(recording, "test");
  const Json result = Inspect(recording, 7);
  const Reliability r = MeasureReliability(recording, 7);
  EXPECT_EQ(result["neurons"], 4);
  EXPECT_EQ(result["images"], 12);
  EXPECT_EQ(result["trials"].dump(), R"({"train":1,"validation":1,"test":30})");
  EXPECT_EQ(result["repeats"].dump(), "3");
  EXPECT_EQ(result["split_half_reliability"], Mean(r.split_half));
  EXPECT_EQ(result["split_half_spearman_brown"], Mean(r.split_half_spearman_brown));
  EXPECT_EQ(result["oracle_correlation"], Mean(r.oracle));
  EXPECT_EQ(result["oracle_correlation_conservative"], Mean(r.oracle_conservative));
  EXPECT_EQ(result["fev"], Mean(r.fev));
  EXPECT_THAT(Faults(result), IsEmpty());
  EXPECT_THAT(FormatInspection(result), HasSubstr("1 train, 1 validation, 30 test"));
  EXPECT_THAT(FormatInspection(result), Not(HasSubstr("fault")));
}

TEST(Inspect, WithoutRepeatsFiguresAreNull) {
  const Json result = Inspect(MakeTinyRecording({1, 1, 1}, 2, Draw), 0);
  for (const char* key : {"repeats", "split_half_reliability", "split_half_spearman_brown",
                          "oracle_correlation", "oracle_correlation_conservative", "fev"})
    EXPECT_TRUE(result[key].is_null()) << key;
  EXPECT_THAT(Faults(result), Contains(HasSubstr("shown repeatedly")));
  EXPECT_THAT(FormatInspection(result), HasSubstr("shown repeatedly"));
}

TEST(Inspect, FewRepeatsAreNamed) {
  const Json result = Inspect(MakeTinyRecording({2, 2, 1}, 2, Draw), 0);
  EXPECT_THAT(Faults(result), Contains(HasSubstr("only 2 images are shown repeatedly")));
}

TEST(Inspect, NamesFaults) {
  struct Case {
    const char* fault;
    void (*spoil)(Recording&);
  };
  const Case cases[] = {
      {"neurons that never respond: 1 (2)",
       [](Recording& r) {
         for (int64_t t = 0; t < r.trials(); ++t) r.responses.values[t * 4 + 2] = 0;
       }},
      {"neurons that respond the same in every trial: 1 (3)",
       [](Recording& r) {
         for (int64_t t = 0; t < r.trials(); ++t) r.responses.values[t * 4 + 3] = 0.5;
       }},
      {"responses of the validation trials are zero: they are withheld",
       [](Recording& r) { std::fill_n(r.responses.values.begin() + 4, 4, 0.0f); }},
      {"trials with the responses of another: 1 (6)",
       [](Recording& r) { std::copy_n(r.responses.values.begin() + 8, 4, r.responses.values.begin() + 24); }},
      {"neurons with the responses of another: 1 (3)",
       [](Recording& r) {
         for (int64_t t = 0; t < r.trials(); ++t)
           r.responses.values[t * 4 + 3] = r.responses.values[t * 4 + 1];
       }},
      {"an odd remark", [](Recording& r) { r.remarks.emplace_back("an odd remark"); }},
      {"no train trials",
       [](Recording& r) { std::replace(r.tiers.begin(), r.tiers.end(), Tier::kTrain, Tier::kTest); }},
      {"constant images, by id: 1 (25)",
       [](Recording& r) { std::fill_n(r.images.bytes.begin() + 12, 6, uint8_t{9}); }},
      {"images with the pixels of another, by id: 1 (35)",
       [](Recording& r) { std::copy_n(r.images.bytes.begin(), 6, r.images.bytes.begin() + 18); }},
      {"images in more than one tier, by id: 1 (5)", [](Recording& r) { r.tiers[0] = Tier::kTrain; }},
      {"no behaviour", [](Recording& r) { r.behavior = {}; }},
      {"no pupil centre", [](Recording& r) { r.pupil_center = {}; }},
      {"running speed never changes",
       [](Recording& r) {
         for (int64_t t = 0; t < r.trials(); ++t) r.behavior.values[t * 3 + 2] = 0;
       }},
  };
  for (const Case& each : cases) {
    Recording recording = Sound();
    each.spoil(recording);
    const std::vector<std::string> faults = Faults(Inspect(recording, 0));
    EXPECT_THAT(faults, testing::ElementsAre(HasSubstr(each.fault)));
  }
}

// Zeros of a withheld tier are no answers: no score is made from them, and none is 0.
TEST(Inspect, WithheldRepeatsAreNotScored) {
  Recording recording = Sound();
  for (int64_t t = 0; t < recording.trials(); ++t)
    if (recording.tiers[t] == Tier::kTest) std::fill_n(recording.responses.values.begin() + t * 4, 4, 0.0f);
  const Json result = Inspect(recording, 0);
  EXPECT_EQ(result["withheld"].dump(), R"(["test"])");
  EXPECT_EQ(result["trials"]["test"], 30);
  EXPECT_TRUE(result["oracle_correlation"].is_null());
  EXPECT_TRUE(result["similarity_reliability"].is_null());
  EXPECT_THAT(Faults(result), Contains(HasSubstr("withheld")));
}

TEST(Inspect, OneNeuron) {
  const Json result = Inspect(MakeTinyRecording({3, 3, 3, 1}, 1, Draw), 0);
  EXPECT_TRUE(result["similarity_reliability"].is_null());
  EXPECT_TRUE(result["oracle_correlation"].is_number());
  EXPECT_THAT(Faults(result), Contains(HasSubstr("one neuron alone")));
}

TEST(Inspect, File) {
  const TemporaryFolder folder;
  Recording recording = Sound();
  recording.neuron_numbers["unit_ids"] = {7, 8, 9, 12};
  WriteRecording(folder / "scan.h5", recording, "{}");
  const Json result = InspectToFile(folder / "scan.h5", 0, folder / "a.json");
  EXPECT_THAT(folder.Names(),
              testing::ElementsAre("a.json", "a.json.images.png", "a.json.neurons.csv", "scan.h5"));
  const Reliability r = MeasureReliability(recording, 0);
  std::istringstream table(ReadFile(folder / "a.json.neurons.csv"));
  std::string line;
  std::getline(table, line);
  EXPECT_EQ(line,
            "neuron,unit_id,mean_response,sigma,eta,w,oracle_correlation,oracle_correlation_conservative,fev,"
            "split_half_reliability,split_half_spearman_brown");
  for (size_t a = 0; a < 4; ++a) {
    std::getline(table, line);
    double mean = 0;
    for (int64_t t = 0; t < 32; ++t) mean += recording.response(t)[a] / 32;
    EXPECT_EQ(line.substr(0, line.find(',', 2)),
              fmt::format("{},{:.0f}", a, recording.neuron_numbers["unit_ids"][a]));
    std::vector<double> values;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) values.push_back(std::stod(field));
    EXPECT_THAT(values,
                testing::Pointwise(testing::DoubleNear(1e-6),
                                   {static_cast<double>(a), recording.neuron_numbers["unit_ids"][a], mean,
                                    r.sigma[a], r.eta[a], r.w[a], r.oracle[a], r.oracle_conservative[a],
                                    r.fev[a], r.split_half[a], r.split_half_spearman_brown[a]}));
  }
  EXPECT_FALSE(std::getline(table, line));
  for (const auto& [name, figure] : result["histograms"].items()) {
    EXPECT_EQ(figure["edges"].size(), 21u) << name;
    int64_t neurons = 0;
    for (const Json& count : figure["counts"]) neurons += count.get<int64_t>();
    EXPECT_EQ(neurons, 4) << name;
  }
  const Picture sheet = ReadPicture(folder / "a.json.images.png");
  EXPECT_EQ(sheet.height, 3 * 2 + 2 * 2);  // twelve images of 2 x 3 in three rows
  EXPECT_EQ(sheet.width, 4 * 3 + 3 * 2);
  EXPECT_EQ(sheet.pixels[0], recording.images.bytes[0]);
  EXPECT_EQ(sheet.pixels[3], 255);
  EXPECT_EQ(sheet.pixels[5], recording.images.bytes[6]);
  EXPECT_EQ(sheet.pixels[4 * 18 + 2], recording.images.bytes[4 * 6 + 2]);

  const std::string before = ReadFile(folder / "a.json");
  EXPECT_EQ(InspectToFile(folder / "scan.h5", 0, folder / "a.json"), result);
  EXPECT_EQ(ReadFile(folder / "a.json"), before);
  EXPECT_THAT(MessageOf([&] { InspectToFile(folder / "scan.h5", 1, folder / "a.json"); }), HasSubstr("seed"));
}

TEST(Inspect, FileWithoutRepeatsHasEmptyFields) {
  const TemporaryFolder folder;
  WriteRecording(folder / "scan.h5", MakeTinyRecording({1, 1, 1}, 2, Draw), "{}");
  const Json result = InspectToFile(folder / "scan.h5", 0, folder / "a.json");
  EXPECT_TRUE(result["histograms"].empty());
  EXPECT_THAT(ReadFile(folder / "a.json.neurons.csv"), HasSubstr(",,,1,,,,,\n"));
}

TEST(Inspect, ManyCulpritsAreCutShort) {
  const Json result =
      Inspect(MakeTinyRecording({2, 2}, 20,
                                [](int64_t i, int64_t r, int64_t a) { return a < 15 ? 0 : Draw(i, r, a); }),
              0);
  EXPECT_THAT(Faults(result), Contains("neurons that never respond: 15 (0, 1, 2, 3, 4, 5, 6, 7, ...)"));
}

}  // namespace murine::inspect_test
