// SPDX-License-Identifier: Apache-2.0
#include "data/recording.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "data/tiny_recording.h"

namespace murine::recording_test {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Recording, ContradictionsInMemory) {
  struct Case {
    const char* expected;
    void (*spoil)(Recording&);
  };
  const Case cases[] = {
      {"without images", [](Recording& r) { r.images.bytes.clear(); }},
      {"not 8-bit images", [](Recording& r) { r.images.bytes.push_back(1); }},
      {"images and image ids differ", [](Recording& r) { r.image_ids.pop_back(); }},
      {"not ascending in scan image 1", [](Recording& r) { r.image_ids[1] = 5; }},
      {"without trials",
       [](Recording& r) {
         r.trial_image.clear();
         r.tiers.clear();
       }},
      {"trials and tiers differ", [](Recording& r) { r.tiers.pop_back(); }},
      {"an image that is not there in scan trial 0", [](Recording& r) { r.trial_image[0] = 4; }},
      {"an image that is not there", [](Recording& r) { r.trial_image[0] = -1; }},
      {"never shown in scan image id 15", [](Recording& r) { r.trial_image[1] = 0; }},
      {"without neurons", [](Recording& r) { r.responses = {}; }},
      {"responses are incomplete", [](Recording& r) { r.responses.values.pop_back(); }},
  };
  EXPECT_NO_THROW(CheckRecording(MakeCompleteRecording(), "scan"));
  for (const Case& each : cases) {
    Recording recording = MakeCompleteRecording();
    each.spoil(recording);
    EXPECT_THAT([&] { CheckRecording(recording, "scan"); },
                testing::ThrowsMessage<Error>(HasSubstr(each.expected)));
  }
}

TEST(Recording, TrialsAndRepeats) {
  const Recording recording = MakeCompleteRecording();
  EXPECT_THAT(recording.TrialsOf(Tier::kTest), ElementsAre(0, 3, 4, 5));
  EXPECT_THAT(recording.TrialsOf(Tier::kValidation), ElementsAre(2));
  const Repeats repeats = RepeatedImages(recording);
  EXPECT_THAT(repeats.images, ElementsAre(0, 3));
  EXPECT_THAT(repeats.trials, ElementsAre(ElementsAre(0, 4), ElementsAre(3, 5)));
  EXPECT_EQ(RepeatedImages(recording, 1).images.size(), 4u);
  EXPECT_EQ(recording.response(1)[2], 0.25f * 201);
}

}  // namespace murine::recording_test
