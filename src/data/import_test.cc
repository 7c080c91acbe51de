// SPDX-License-Identifier: Apache-2.0
#include "data/import.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "data/tiny_recording.h"
#include "io/npy.h"
#include "io/temporary_folder.h"

namespace murine::import_test {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class ImportTest : public testing::Test {
 protected:
  // Images of 2 x 2 pixels, all of one grey level each.
  void PutImages(const std::vector<uint8_t>& levels) {
    std::vector<uint8_t> pixels;
    for (const uint8_t level : levels) pixels.insert(pixels.end(), 4, level);
    WriteNpy<uint8_t>(folder_ / "i.npy", {static_cast<int64_t>(levels.size()), 2, 2}, pixels);
    options_.images = (folder_ / "i.npy").string();
  }
  std::string PutFloats(const std::string& name, const std::vector<int64_t>& shape,
                        const std::vector<float>& values) {
    WriteNpy<float>(folder_ / name, shape, values);
    return (folder_ / name).string();
  }

  const TemporaryFolder folder_;
  ImportOptions options_;
};

TEST_F(ImportTest, RowsWithEqualPixelsAreOneImage) {
  PutImages({10, 20, 10, 30});
  options_.responses = PutFloats("r.npy", {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  Put(folder_ / "t.npy", FormatNpyStrings({"test", "train", "test", "validation"}));
  options_.tiers = (folder_ / "t.npy").string();
  const Recording recording = Import(options_);
  EXPECT_THAT(recording.image_ids, ElementsAre(0, 1, 3));
  EXPECT_THAT(recording.trial_image, ElementsAre(0, 1, 0, 2));
  EXPECT_THAT(recording.tiers, ElementsAre(Tier::kTest, Tier::kTrain, Tier::kTest, Tier::kValidation));
  EXPECT_THAT(recording.responses.values, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_FALSE(recording.has_behavior());
  EXPECT_FALSE(recording.has_pupil());
  Put(folder_ / "t.npy", FormatNpyStrings({"test", "train", "train", "validation"}));
  EXPECT_THAT(MessageOf([&] { Import(options_); }), HasSubstr("an image in two tiers"));
}

TEST_F(ImportTest, AbsentRepeatsAreLeftOut) {
  PutImages({10, 20});
  options_.trials = PutFloats("t.npy", {2, 3, 2}, {1, 2, kNan, kNan, 3, 4, 5, 6, -1, -1, -2, kNan});
  options_.behavior = PutFloats("b.npy", {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  options_.pupil = PutFloats("p.npy", {3, 2}, {1, 2, 3, 4, 5, 6});
  const Recording recording = Import(options_);
  EXPECT_THAT(recording.trial_image, ElementsAre(0, 0, 1));
  EXPECT_THAT(recording.responses.values, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(recording.behavior.shape, (std::vector<int64_t>{3, 3}));
  EXPECT_THAT(recording.tiers, Each(Tier::kTrain));  // two images are too few to hold one out

  options_.trials = PutFloats("t.npy", {2, 2, 1}, {kNan, kNan, 1, 2});
  options_.behavior = options_.pupil = "";
  EXPECT_THAT(MessageOf([&] { Import(options_); }), HasSubstr("an image is never shown"));
}

TEST_F(ImportTest, TiersAreDrawnByImage) {
  std::vector<uint8_t> levels;
  std::vector<float> responses;
  for (int i = 0; i < 100; ++i) {
    levels.push_back(static_cast<uint8_t>(i % 50));
    responses.push_back(1);
  }
  PutImages(levels);
  options_.responses = PutFloats("r.npy", {100, 1}, responses);
  const Recording recording = Import(options_);
  EXPECT_EQ(recording.TrialsOf(Tier::kTrain).size(), 80u);
  EXPECT_EQ(recording.TrialsOf(Tier::kValidation).size(), 10u);
  EXPECT_EQ(recording.TrialsOf(Tier::kTest).size(), 10u);
  for (int t = 0; t < 50; ++t) EXPECT_EQ(recording.tiers[t], recording.tiers[t + 50]);
  EXPECT_EQ(Import(options_).tiers, recording.tiers);
  options_.seed = 1;
  EXPECT_NE(Import(options_).tiers, recording.tiers);
}

TEST_F(ImportTest, FloatsBecomeGreyLevelsAndAreResizedAsStated) {
  std::vector<float> ramp;
  for (int i = 0; i < 2 * 4 * 6; ++i) ramp.push_back(static_cast<float>(i % 6) / 5);
  ramp[0] = 1;  // the two images differ
  options_.images = PutFloats("i.npy", {2, 4, 6}, ramp);
  options_.responses = PutFloats("r.npy", {2, 1}, {1, 2});
  EXPECT_EQ(Import(options_).images.bytes[1], 51);
  options_.resize = "2x3";
  const Recording recording = Import(options_);
  EXPECT_EQ(recording.images.height, 2);
  EXPECT_EQ(recording.images.width, 3);
  // Halving a ramp keeps it a ramp: the triangle reaches over the neighbours on both sides.
  const auto* second = recording.images.bytes.data() + 6;
  EXPECT_NEAR(second[1], 127.5, 1);
  EXPECT_NEAR(second[0] + second[2], 255, 1);
  EXPECT_EQ(second[1], second[4]);
  CheckRecording(recording, "resized");
  options_.resize = "2by3";
  EXPECT_THAT(MessageOf([&] { Import(options_); }), HasSubstr("size"));
}

TEST_F(ImportTest, RecordingsChangeTheirForm) {
  const Recording written = MakeCompleteRecording();
  WriteRecording(folder_ / "scan.h5", written, "{}");
  options_.recording = (folder_ / "scan.h5").string();
  ImportFile(options_, folder_ / "tree/");
  const Recording read = ReadRecording(folder_ / "tree");
  EXPECT_EQ(read.responses.values, written.responses.values);
  EXPECT_EQ(read.truth.values, written.truth.values);
  // Finished: found again with or without the slash. Made of something else: refused.
  ImportFile(options_, folder_ / "tree/");
  ImportFile(options_, folder_ / "tree");
  options_.resize = "1x2";
  EXPECT_THAT(MessageOf([&] { ImportFile(options_, folder_ / "tree/"); }), HasSubstr("resize"));
  ImportFile(options_, folder_ / "small.h5");
  EXPECT_EQ(ReadRecording(folder_ / "small.h5").images.width, 2);
  EXPECT_EQ(ReadRecording(folder_ / "small.h5").image_ids, written.image_ids);
  options_.images = "i.npy";
  EXPECT_THAT(MessageOf([&] { Import(options_); }), HasSubstr("either a recording or arrays"));
}

}  // namespace murine::import_test
