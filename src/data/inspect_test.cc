// SPDX-License-Identifier: Apache-2.0
#include "data/inspect.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "data/reliability.h"
#include "data/tiny_recording.h"

namespace murine {
namespace {

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
  Recording recording = MakeTinyRecording({3, 1, 3, 1, 3}, 4, Draw);
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
  EXPECT_EQ(result["images"], 5);
  EXPECT_EQ(result["trials"].dump(), R"({"train":1,"validation":1,"test":9})");
  EXPECT_EQ(result["repeats"].dump(), "3");
  EXPECT_EQ(result["split_half_reliability"], Mean(r.split_half));
  EXPECT_EQ(result["split_half_spearman_brown"], Mean(r.split_half_spearman_brown));
  EXPECT_EQ(result["oracle_correlation"], Mean(r.oracle));
  EXPECT_EQ(result["oracle_correlation_conservative"], Mean(r.oracle_conservative));
  EXPECT_EQ(result["fev"], Mean(r.fev));
  EXPECT_THAT(Faults(result), IsEmpty());
  EXPECT_THAT(FormatInspection(result), HasSubstr("1 train, 1 validation, 9 test"));
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
      {"responses of the validation trials are zero",
       [](Recording& r) { std::fill_n(r.responses.values.begin() + 4, 4, 0.0f); }},
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

TEST(Inspect, ManyCulpritsAreCutShort) {
  const Json result =
      Inspect(MakeTinyRecording({2, 2}, 20,
                                [](int64_t i, int64_t r, int64_t a) { return a < 15 ? 0 : Draw(i, r, a); }),
              0);
  EXPECT_THAT(Faults(result), Contains("neurons that never respond: 15 (0, 1, 2, 3, 4, 5, 6, 7, ...)"));
}

}  // namespace
}  // namespace murine
