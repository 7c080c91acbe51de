// SPDX-License-Identifier: Apache-2.0
#include "train/fit_data.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "data/tiny_recording.h"
#include "io/file.h"
#include "io/temporary_folder.h"
#include "nn/tensor.h"

namespace murine::fit_data_test {

using testing::ElementsAre;
using testing::HasSubstr;

// Trials show images 0 1 2 3 0 3.
Recording SixTrials() {
  Recording recording = MakeCompleteRecording();
  recording.tiers = {Tier::kTrain,      Tier::kValidation, Tier::kTrain,
                     Tier::kValidation, Tier::kTrain,      Tier::kTest};
  return recording;
}

TEST(LoadFitData, GathersWhatTrialsShowAndAnswer) {
  const TemporaryFolder folder;
  const Recording recording = SixTrials();
  WriteRecording(folder / "scan.h5", recording, "{}");
  const FitData data = LoadFitData(folder / "scan.h5");
  EXPECT_EQ(data.hash, Sha256Hex(ReadFile(folder / "scan.h5")));
  EXPECT_THAT(data.train, ElementsAre(0, 2, 4));
  EXPECT_THAT(data.validation, ElementsAre(1, 3));
  EXPECT_THAT(data.HeldOut(), ElementsAre(5));
  const std::vector<int64_t> trials = {5, 1};
  const torch::Tensor images = data.Images(trials), responses = data.Responses(trials);
  const Conditions conditions = data.Behavior(trials);
  ASSERT_EQ(images.sizes(), (std::vector<int64_t>{2, 1, 2, 3}));
  ASSERT_EQ(responses.sizes(), (std::vector<int64_t>{2, 3}));
  for (int64_t i = 0; i < 2; ++i) {
    const int64_t image = i == 0 ? 3 : 1;
    for (int64_t k = 0; k < 6; ++k)
      EXPECT_FLOAT_EQ(images[i].flatten()[k].item<float>(),
                      static_cast<float>(recording.images.bytes[image * 6 + k]) / 255);
    for (int64_t a = 0; a < 3; ++a)
      EXPECT_EQ(responses[i][a].item<float>(), recording.response(trials[i])[a]);
    for (int64_t k = 0; k < 3; ++k)
      EXPECT_EQ(conditions.behavior[i][k].item<float>(), recording.behavior.values[trials[i] * 3 + k]);
    for (int64_t k = 0; k < 2; ++k)
      EXPECT_EQ(conditions.pupil_center[i][k].item<float>(),
                recording.pupil_center.values[trials[i] * 2 + k]);
  }
}

TEST(LoadFitData, WithoutTestTrialsValidationIsHeldOut) {
  const TemporaryFolder folder;
  Recording recording = SixTrials();
  recording.tiers[5] = Tier::kTrain;
  recording.behavior = recording.pupil_center = {};
  WriteRecording(folder / "scan.h5", recording, "{}");
  const FitData data = LoadFitData(folder / "scan.h5");
  EXPECT_THAT(data.HeldOut(), ElementsAre(1, 3));
  EXPECT_FALSE(data.Behavior(data.train).behavior.defined());
  EXPECT_FALSE(data.Behavior(data.train).pupil_center.defined());
}

TEST(LoadFitData, RefusesWhatCannotBeFitted) {
  const TemporaryFolder folder;
  const auto message = [&](const Recording& recording) {
    WriteRecording(folder / "scan.h5", recording, "{}");
    return MessageOf([&] { LoadFitData(folder / "scan.h5"); });
  };
  EXPECT_EQ(message(SixTrials()), "no error");
  Recording no_validation = SixTrials();
  no_validation.tiers[1] = Tier::kTrain;
  EXPECT_THAT(message(no_validation), HasSubstr("too few validation trials"));
  Recording no_train = SixTrials();
  no_train.tiers[0] = no_train.tiers[2] = Tier::kTest;
  EXPECT_THAT(message(no_train), HasSubstr("too few train trials"));
  Recording color = SixTrials();
  color.images.channels = 3;
  color.images.width = 1;
  EXPECT_THAT(message(color), HasSubstr("grayscale"));
}

// Two recordings; the first shows images 0 .. 39, the second 20 .. 59, each twice.
FitData TwiceEach(int64_t first) {
  FitData data;
  Recording& recording = data.recording;
  recording.name = "from " + std::to_string(first);
  recording.images.height = 2;
  recording.images.width = 3;
  recording.images.channels = 1;
  for (int64_t i = 0; i < 40; ++i) {
    for (int64_t pixel = 0; pixel < 6; ++pixel)
      recording.images.bytes.push_back(static_cast<uint8_t>(7 * (first + i) + pixel));
    recording.image_ids.push_back(i);
    for (int repeat = 0; repeat < 2; ++repeat) {
      recording.trial_image.push_back(i);
      recording.tiers.push_back(i < 30 ? Tier::kTrain : i < 35 ? Tier::kValidation : Tier::kTest);
      recording.responses.values.push_back(1);
    }
  }
  recording.responses.shape = {80, 1};
  SplitByTier(data);
  return data;
}

TEST(SplitByFold, HoldsEveryTrialOutOnceAndAnImageInAllRecordings) {
  constexpr int64_t kFolds = 4, kDistinct = 60;
  std::vector<FitData> data = {TwiceEach(0), TwiceEach(20)};
  std::vector<int> held_out(160);
  std::set<std::vector<int64_t>> validations;
  for (int64_t fold = 0; fold < kFolds; ++fold) {
    SplitByFold(data, kFolds, fold, /*seed=*/5);
    std::vector<std::string> role(kDistinct);
    for (size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(data[k].train.size() + data[k].validation.size() + data[k].test.size(), 80u);
      for (const int64_t trial : data[k].test) ++held_out[80 * k + static_cast<size_t>(trial)];
      const auto same = [&](const std::vector<int64_t>& trials, const std::string& name) {
        for (const int64_t trial : trials) {
          std::string& noted = role[static_cast<size_t>(20 * k) + static_cast<size_t>(trial / 2)];
          EXPECT_TRUE(noted.empty() || noted == name) << noted << " " << name;
          noted = name;
        }
      };
      same(data[k].train, "train");
      same(data[k].validation, "validation");
      same(data[k].test, "test");
    }
    EXPECT_EQ(std::count(role.begin(), role.end(), "test"), kDistinct / kFolds);
    EXPECT_NEAR(static_cast<double>(std::count(role.begin(), role.end(), "validation")),
                0.1 * (kDistinct - kDistinct / kFolds), 2);
    validations.insert(data[0].validation);
  }
  EXPECT_EQ(held_out, std::vector<int>(160, 1));
  EXPECT_GT(validations.size(), 1u);
  const std::vector<int64_t> test = data[0].test;
  SplitByFold(data, kFolds, kFolds - 1, /*seed=*/6);
  EXPECT_NE(data[0].test, test);
  EXPECT_THAT(MessageOf([&] { SplitByFold(data, 61, 60, 5); }), HasSubstr("too few images for 61 folds"));
  SplitByTier(data[0]);
  EXPECT_EQ(data[0].train.size(), 60u);
}

TEST(LoadFitData, RecordingsOfOneFitShowImagesOfOneSize) {
  const TemporaryFolder folder;
  WriteRecording(folder / "one.h5", SixTrials(), "{}");
  Recording turned = SixTrials();
  std::swap(turned.images.height, turned.images.width);
  WriteRecording(folder / "two.h5", turned, "{}");
  const std::vector<std::string> same = {folder / "one.h5", folder / "one.h5"},
                                 other = {folder / "one.h5", folder / "two.h5"};
  EXPECT_EQ(LoadFitData(same).size(), 2u);
  EXPECT_THAT(MessageOf([&] { LoadFitData(other); }), HasSubstr("images of one size"));
}

// Images are tiles of noise, each of a contrast of its own; a neuron answers to the contrast of one tile.
TEST(ReceptiveFieldCentres, AreFoundWhereContrastDrivesTheNeuron) {
  constexpr int64_t kImages = 400, kTile = 5, kRows = 5, kColumns = 8;
  constexpr int64_t kHeight = kTile * kRows, kWidth = kTile * kColumns + 1;
  constexpr uint64_t kSeed = 11;
  const std::vector<std::pair<int64_t, int64_t>> tiles = {{0, 0}, {2, 3}, {4, 1}, {1, 7}};  // row, column
  const auto neurons = static_cast<int64_t>(tiles.size());
  FitData data;
  data.recording.responses.shape = {kImages, neurons};
  std::vector<float> pixels;
  for (int64_t i = 0; i < kImages; ++i) {
    RandomStream stream(kSeed, "tiles", 0, static_cast<uint64_t>(i));
    std::vector<double> contrasts(kRows * (kColumns + 1));
    for (double& contrast : contrasts) contrast = stream.Uniform(0, 0.5);
    for (int64_t y = 0; y < kHeight; ++y)
      for (int64_t x = 0; x < kWidth; ++x) {
        const double contrast = contrasts[y / kTile * (kColumns + 1) + x / kTile];
        pixels.push_back(static_cast<float>(stream.Uniform() < 0.5 ? 0.5 + contrast : 0.5 - contrast));
      }
    data.recording.trial_image.push_back(i);
    data.train.push_back(i);
    for (const auto& [row, column] : tiles)
      data.recording.responses.values.push_back(
          static_cast<float>(3 * contrasts[row * (kColumns + 1) + column] + 0.2 * stream.Uniform()));
  }
  data.images = ToTensor(pixels, {kImages, 1, kHeight, kWidth});
  const torch::Tensor centres = ReceptiveFieldCentres(data);
  ASSERT_EQ(centres.sizes(), (std::vector<int64_t>{neurons, 2}));
  for (int64_t a = 0; a < neurons; ++a) {
    const double column = (centres[a][0].item<double>() + 1) / 2 * (kWidth - 1);
    const double row = (centres[a][1].item<double>() + 1) / 2 * (kHeight - 1);
    // Every second pixel is looked at, through windows of 7: 2 pixels is what can be asked for.
    EXPECT_NEAR(row, static_cast<double>(kTile * tiles[a].first + 2), 2.01)
        << "neuron " << a << ", seed " << kSeed;
    EXPECT_NEAR(column, static_cast<double>(kTile * tiles[a].second + 2), 2.01)
        << "neuron " << a << ", seed " << kSeed;
  }
}

}  // namespace murine::fit_data_test
