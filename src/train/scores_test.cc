// SPDX-License-Identifier: Apache-2.0
#include "train/scores.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "data/tiny_recording.h"

namespace murine::scores_test {

using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kRounding = 1e-6;  // responses and predictions are float32

// Images 0 to 2 shown twice, in trials 0, 1, 2 and 3, 4, 5; neuron 1 always answers 0.1.
// Neuron 0: image 0: 1, 3; image 1: 4, 6; image 2: 8, 8.
// repeat means 2, 5, 8; sample variances 2, 2, 0; noise 4/3; mean of all 5; total variance 40/5 = 8
Recording ThreeImages() {
  return MakeTinyRecording({2, 2, 2}, 2, [](int64_t image, int64_t repeat, int64_t neuron) {
    constexpr double kResponses[3][2] = {{1, 3}, {4, 6}, {8, 8}};
    return neuron == 0 ? kResponses[image][repeat] : 0.1;
  });
}

std::vector<int64_t> AllTrials(const Recording& recording) {
  std::vector<int64_t> trials(static_cast<size_t>(recording.trials()));
  std::iota(trials.begin(), trials.end(), 0);
  return trials;
}

// 2.5, 4 and 8.5 for the images, whatever the repeat: of mean 5, with deviations -2.5, -1, 3.5
TrialPredictions Predictions(const Recording& recording, std::vector<int64_t> trials) {
  constexpr float kPredicted[] = {2.5f, 4, 8.5f, 100};
  TrialPredictions predictions{std::move(trials), {}};
  for (const int64_t trial : predictions.trials)
    for (const float factor : {1.f, 2.f})
      predictions.predicted.values.push_back(factor * kPredicted[recording.trial_image[trial]]);
  predictions.predicted.shape = {static_cast<int64_t>(predictions.trials.size()), 2};
  return predictions;
}

TEST(Scores, AreThoseComputedByHand) {
  const Recording recording = ThreeImages();
  const EncodingScores scores =
      ScoreEncoding(recording, Predictions(recording, AllTrials(recording)), {}, {});
  // over trials: products (-2.5)(-4 - 2) + (-1)(-1 + 1) + 3.5 (3 + 3) = 36, squares 2 x 19.5 and 40
  EXPECT_NEAR(scores.single_trial[0], 36 / std::sqrt(39.0 * 40), kRounding);
  // over images: (-2.5)(-3) + 3.5 x 3 = 18, squares 19.5 and 18
  EXPECT_NEAR(scores.to_average[0], 18 / std::sqrt(19.5 * 18), kRounding);
  EXPECT_NEAR(scores.fev[0], (8 - 4.0 / 3) / 8, kRounding);
  // squared errors 2.25, 0.25; 0, 4; 0.25, 0.25: mean 7/6
  EXPECT_NEAR(scores.feve[0], 1 - (7.0 / 6 - 4.0 / 3) / (8 - 4.0 / 3), kRounding);
}

TEST(Scores, ConstantNeuronsScoreZero) {
  const Recording recording = ThreeImages();
  const EncodingScores scores =
      ScoreEncoding(recording, Predictions(recording, AllTrials(recording)), {}, {});
  for (const auto* each : {&scores.single_trial, &scores.to_average, &scores.fev, &scores.feve})
    EXPECT_EQ((*each)[1], 0);
  TrialPredictions constant = Predictions(recording, AllTrials(recording));
  for (float& value : constant.predicted.values) value = 0.7f;
  const EncodingScores flat = ScoreEncoding(recording, constant, {}, {});
  EXPECT_THAT(flat.single_trial, Each(0));
  EXPECT_THAT(flat.to_average, Each(0));
  EXPECT_TRUE(std::isfinite(flat.feve[0]));
  EXPECT_LT(flat.feve[0], 0);  // worse than the mean
}

// Predicting every response itself leaves no error, not even the noise: FEVE is 1 + noise / (total - noise).
TEST(Scores, FeveOfTheResponsesThemselves) {
  const Recording recording = ThreeImages();
  TrialPredictions predictions{AllTrials(recording), recording.responses};
  const EncodingScores scores = ScoreEncoding(recording, predictions, {}, {});
  EXPECT_NEAR(scores.single_trial[0], 1, kRounding);
  EXPECT_NEAR(scores.feve[0], 1 + (4.0 / 3) / (8 - 4.0 / 3), kRounding);
}

// The mean of predictions over the repeats counts: they differ where behaviour does.
TEST(Scores, CorrelationToAverageTakesMeansOfPredictions) {
  const Recording recording = ThreeImages();
  TrialPredictions predictions = Predictions(recording, AllTrials(recording));
  for (int64_t t = 0; t < 6; ++t) predictions.predicted.values[2 * t] += t < 3 ? 30.f : -30.f;
  const EncodingScores scores = ScoreEncoding(recording, predictions, {}, {});
  EXPECT_NEAR(scores.to_average[0], 18 / std::sqrt(19.5 * 18), kRounding);
  EXPECT_LT(scores.single_trial[0], 0.5);
}

// A fourth image, shown once, counts for the single-trial correlation alone.
TEST(Scores, ImagesShownOnceHaveNoNoise) {
  const Recording recording =
      MakeTinyRecording({2, 2, 2, 1}, 2, [](int64_t image, int64_t repeat, int64_t neuron) {
        constexpr double kResponses[4][2] = {{1, 3}, {4, 6}, {8, 8}, {5, 0}};
        return neuron == 0 ? kResponses[image][repeat] : 0.1;
      });
  const auto trials = AllTrials(recording);
  ASSERT_EQ(trials.size(), 7u);
  const EncodingScores scores = ScoreEncoding(recording, Predictions(recording, trials), {}, {});
  EXPECT_NEAR(scores.to_average[0], 18 / std::sqrt(19.5 * 18), kRounding);
  EXPECT_NEAR(scores.fev[0], (8 - 4.0 / 3) / 8, kRounding);
  EXPECT_NEAR(scores.feve[0], 1 - (7.0 / 6 - 4.0 / 3) / (8 - 4.0 / 3), kRounding);
  EXPECT_LT(scores.single_trial[0], 0.5);  // prediction 100, response 5
}

TEST(Scores, NothingRepeatedNothingOfRepeats) {
  const Recording recording = ThreeImages();
  const EncodingScores scores = ScoreEncoding(recording, Predictions(recording, {0, 4, 2}), {}, {});
  EXPECT_THAT(scores.to_average, IsEmpty());
  EXPECT_THAT(scores.feve, IsEmpty());
  // predictions 2.5, 4, 8.5; responses 1, 6, 8, deviations -4, 1, 3 from their mean 5
  EXPECT_NEAR(scores.single_trial[0], (10 - 1 + 10.5) / std::sqrt(19.5 * 26), kRounding);
  const Json summary = SummarizeScores(scores, MeasureReliability(recording, 0));
  EXPECT_TRUE(summary["correlation_to_average"].is_null());
  EXPECT_TRUE(summary["feve"].is_null());
  EXPECT_FALSE(summary.contains("truth_correlation"));
}

TEST(Scores, TruthIsComparedOverTheImagesGiven) {
  Recording recording = ThreeImages();
  recording.truth = {{3, 2}, {1, 5, 100, 5, 2, 5}};
  const std::vector<int64_t> images = {0, 2};
  const EncodingScores scores =
      ScoreEncoding(recording, Predictions(recording, AllTrials(recording)), images, {{2, 2}, {7, 1, 9, 2}});
  EXPECT_THAT(scores.truth, ElementsAre(DoubleNear(1, kRounding), 0));
}

TEST(Scores, Summary) {
  EncodingScores scores;
  scores.single_trial = {0.4, 0.1, 0.3};
  scores.to_average = {0.8, 0.2, 0.5};
  scores.fev = {0.5, 0.14, 0.15};
  scores.feve = {0.9, -70, 0.5};
  scores.truth = {0.9, 0.3, 0.6};
  Reliability reliability;
  reliability.images = 2;
  reliability.oracle = {0.5, 0.2, 0.25};
  const Json summary = SummarizeScores(scores, reliability);
  const auto value = [&](const char* key) { return summary.at(key).get<double>(); };
  EXPECT_NEAR(value("single_trial_correlation"), 0.8 / 3, 1e-12);
  EXPECT_NEAR(value("correlation_to_average"), 0.5, 1e-12);
  EXPECT_NEAR(value("feve"), 0.7, 1e-12);  // FEV of at least 0.15
  EXPECT_EQ(summary["feve_neurons"], 2);
  // slope through the origin: sum of products over sum of squared oracle correlations
  EXPECT_NEAR(value("fraction_oracle"), (0.2 + 0.02 + 0.075) / (0.25 + 0.04 + 0.0625), 1e-12);
  EXPECT_NEAR(value("truth_correlation"), 0.6, 1e-12);
  EXPECT_NEAR(value("truth_correlation_reliable"), 0.75, 1e-12);  // oracle correlation above 0.2
  EXPECT_EQ(summary["reliable_neurons"], 2);
  scores.truth[0] = std::nan("");  // of a recording without a truth, beside others
  EXPECT_NEAR(SummarizeScores(scores, reliability)["truth_correlation"].get<double>(), 0.45, 1e-12);
  EXPECT_EQ(SummarizeScores(scores, reliability)["truth_correlation_reliable"], 0.6);
  scores.truth[0] = 0.9;
  reliability.images = 0;
  EXPECT_TRUE(SummarizeScores(scores, reliability)["fraction_oracle"].is_null());
  reliability.images = 2;
  reliability.oracle = {0, 0, 0};
  EXPECT_TRUE(SummarizeScores(scores, reliability)["fraction_oracle"].is_null());
}

TEST(ImagesShown, AreDistinctAndAscending) {
  const Recording recording = ThreeImages();
  EXPECT_THAT(ImagesShown(recording, std::vector<int64_t>{5, 2, 3, 0}), ElementsAre(0, 2));
}

}  // namespace murine::scores_test
