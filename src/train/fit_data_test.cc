// SPDX-License-Identifier: Apache-2.0
#include "train/fit_data.h"

#include <gmock/gmock.h>

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
