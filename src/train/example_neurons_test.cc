// SPDX-License-Identifier: Apache-2.0
#include "train/example_neurons.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/tiny_recording.h"
#include "io/image_file.h"
#include "io/temporary_folder.h"
#include "nn/tensor.h"

namespace murine::example_neurons_test {

std::vector<std::pair<std::string, int64_t>> Chosen(std::vector<double> correlations) {
  std::vector<std::pair<std::string, int64_t>> chosen;
  for (const ExampleNeuron& each : ChooseExamples(correlations)) chosen.emplace_back(each.rank, each.neuron);
  return chosen;
}

TEST(ExampleNeurons, StandAtTheirPercentiles) {
  using Names = std::vector<std::pair<std::string, int64_t>>;
  EXPECT_EQ(Chosen({0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4, 0.5, 0.0}),
            (Names{{"10th percentile", 9}, {"50th percentile", 7}, {"90th percentile", 2}, {"best", 0}}));
  EXPECT_EQ(Chosen({0.2, 0.1}), (Names{{"50th percentile", 1}, {"best", 0}}));
  EXPECT_EQ(Chosen({0.3}), (Names{{"best", 0}}));
  EXPECT_EQ(Chosen({}), Names{});
  EXPECT_EQ(Chosen({0.5, 0.5, 0.5}), (Names{{"10th percentile", 0}, {"50th percentile", 1}, {"best", 2}}));
}

TEST(ExampleNeurons, AnswersAreMeansOverRepeats) {
  // image 0 once, image 1 three times, image 2 twice; trials: repeat 0 of 0, 1, 2, then repeat 1 of 1, 2 ...
  const Recording recording =
      MakeTinyRecording({1, 3, 2}, 2, [](int64_t image, int64_t repeat, int64_t neuron) {
        return static_cast<double>(100 * neuron + 10 * image + repeat * repeat);
      });
  TrialPredictions predictions{{1, 2, 3, 4, 5, 0}, {{6, 2}, {}}};
  for (int i = 0; i < 6; ++i)
    for (const float neuron : {0.0f, 0.5f})
      predictions.predicted.values.push_back(static_cast<float>(i) + neuron);
  const Json responses = ResponsesToImages(recording, predictions, 1);
  EXPECT_EQ(responses["image_ids"], (Json{15, 25}));  // what is shown once tells little beside repeats
  EXPECT_EQ(responses["repeats"], (Json{3, 2}));
  // 110, 111, 114 and 120, 121
  EXPECT_NEAR(responses["recorded"][0].get<double>(), 335.0 / 3, 1e-12);
  EXPECT_NEAR(responses["recorded"][1].get<double>(), 120.5, 1e-12);
  EXPECT_NEAR(responses["standard_error"][0].get<double>(), std::sqrt(13.0 / 3 / 3), 1e-12);
  EXPECT_NEAR(responses["standard_error"][1].get<double>(), 0.5, 1e-12);
  EXPECT_NEAR(responses["predicted"][0].get<double>(), (0 + 2 + 4) / 3.0 + 0.5, 1e-12);
  EXPECT_NEAR(responses["predicted"][1].get<double>(), (1 + 3) / 2.0 + 0.5, 1e-12);
}

TEST(ExampleNeurons, WithoutRepeatsSomeOfManyImagesAreShown) {
  const Recording recording =
      MakeTinyRecording(std::vector<int64_t>(300, 1), 1,
                        [](int64_t image, int64_t, int64_t) { return static_cast<double>(image); });
  TrialPredictions predictions{{}, {{300, 1}, {}}};
  for (int64_t t = 0; t < 300; ++t) {
    predictions.trials.push_back(t);
    predictions.predicted.values.push_back(static_cast<float>(2 * t));
  }
  const Json responses = ResponsesToImages(recording, predictions, 0);
  ASSERT_EQ(responses["recorded"].size(), 200u);
  EXPECT_EQ(responses["recorded"][1], 1.0);  // every three of two images
  EXPECT_EQ(responses["recorded"][2], 3.0);
  EXPECT_EQ(responses["predicted"][199], 596.0);
  for (const Json& error : responses["standard_error"]) EXPECT_TRUE(error.is_null());
}

TEST(ExampleNeurons, FiguresHoldFieldsAndTheirPicture) {
  const TemporaryFolder folder;
  FitData data;
  data.recording = MakeTinyRecording({2, 2, 2}, 3, [](int64_t image, int64_t repeat, int64_t) {
    return static_cast<double>(image + repeat);
  });
  data.images = UniformTensor({3, 1, 2, 3}, 0, 1, RandomStream(1, "images"));
  HeldOut held_out;
  held_out.trials = {0, 1, 2, 3, 4, 5};
  held_out.images = {0, 1, 2};
  held_out.encoder = {{6, 3}, std::vector<float>(18, 1.0f)};
  EncodingScores scores;
  scores.single_trial = {0.3, 0.1, 0.2};
  Encoder encoder(
      EncoderOptions{
          .channels = 2, .layers = 1, .input_kernel = 3, .stride = 1, .height = 2, .width = 3, .neurons = 3},
      1);
  const Json figures = ExampleFigures(encoder, data, held_out, scores, folder / "fields.png");
  ASSERT_EQ(figures["neurons"].size(), 3u);
  EXPECT_EQ(figures["gradient_images"], 3);
  EXPECT_EQ(figures["neurons"][2]["neuron"], 0);
  EXPECT_TRUE(figures["neurons"][2]["correlation_to_average"].is_null());
  const Json& field = figures["neurons"][0]["gradient"];
  ASSERT_EQ(field["values"].size(), 6u);
  EXPECT_GT(field["limit"].get<double>(), 0);
  double most = 0;
  for (const Json& value : field["values"]) most = std::max(most, std::abs(value.get<double>()));
  EXPECT_EQ(most, 1);
  const Picture picture = ReadPicture(folder / "fields.png");
  EXPECT_EQ(picture.height, 3 * 2);
  EXPECT_EQ(picture.width, 2 * 3);
  EXPECT_EQ(picture.channels, 3);
}

}  // namespace murine::example_neurons_test
