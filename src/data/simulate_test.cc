// SPDX-License-Identifier: Apache-2.0
#include "data/simulate.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/random.h"
#include "data/mouse_behavior.h"
#include "data/reliability.h"
#include "data/simulated_mouse.h"

namespace murine::simulate_test {

using testing::HasSubstr;

SimulateOptions Small() {
  return {.neurons = 24, .images = 40, .oracle_images = 12, .repeats = 4, .seed = 5};
}

double StandardDeviation(const std::vector<double>& values) {
  double squares = 0;
  for (const double x : values) squares += (x - Mean(values)) * (x - Mean(values));
  return std::sqrt(squares / static_cast<double>(values.size()));
}

TEST(Simulate, TiersAndShapes) {
  const Recording recording = Simulate(Small());
  CheckRecording(recording, "simulated");
  EXPECT_EQ(recording.images.count(), 52);
  EXPECT_EQ(recording.images.height, 36);
  EXPECT_EQ(recording.images.width, 64);
  EXPECT_EQ(recording.TrialsOf(Tier::kTrain).size(), 36u);
  EXPECT_EQ(recording.TrialsOf(Tier::kValidation).size(), 4u);
  EXPECT_EQ(recording.TrialsOf(Tier::kTest).size(), 48u);
  EXPECT_EQ(recording.truth.shape, (std::vector<int64_t>{52, 24}));
  std::map<int64_t, int> shown;
  for (const int64_t image : recording.trial_image) ++shown[image];
  for (int64_t t = 0; t < recording.trials(); ++t)
    EXPECT_EQ(shown[recording.trial_image[t]], recording.tiers[t] == Tier::kTest ? 4 : 1) << t;
}

TEST(Simulate, SameSeedSameBitsWhateverTheThreads) {
  const Recording one = Simulate(Small(), 1), three = Simulate(Small(), 3);
  EXPECT_EQ(one.images.bytes, three.images.bytes);
  EXPECT_EQ(one.trial_image, three.trial_image);
  EXPECT_EQ(one.responses.values, three.responses.values);
  EXPECT_EQ(one.truth.values, three.truth.values);
  EXPECT_EQ(one.behavior.values, three.behavior.values);
  EXPECT_EQ(one.pupil_center.values, three.pupil_center.values);
  SimulateOptions other = Small();
  other.seed = 6;
  EXPECT_NE(Simulate(other).truth.values, one.truth.values);
}

TEST(Simulate, ANeuronDoesNotDependOnItsFellows) {
  SimulateOptions fewer = Small();
  fewer.neurons = 7;
  const Recording many = Simulate(Small()), few = Simulate(fewer);
  ASSERT_EQ(few.trials(), many.trials());
  for (int64_t t = 0; t < few.trials(); ++t)
    for (int64_t k = 0; k < 7; ++k) ASSERT_EQ(few.response(t)[k], many.response(t)[k]) << t << " " << k;
}

// More images than the mouse is adapted to: the same neurons with the same operating points.
TEST(Simulate, ANeuronDoesNotDependOnTheNumberOfImages) {
  SimulateOptions fewer = Small(), more = Small();
  fewer.neurons = more.neurons = 6;
  fewer.images = 260;
  more.images = 300;
  const Recording a = Simulate(fewer), b = Simulate(more);
  EXPECT_EQ(a.truth_units, b.truth_units);
  for (int64_t i = 0; i < a.images.count(); ++i)
    for (int64_t k = 0; k < 6; ++k) ASSERT_EQ(a.truth.values[i * 6 + k], b.truth.values[i * 6 + k]);
}

TEST(Simulate, ScoresLikeRealScans) {
  const Recording recording = Simulate({.neurons = 150, .images = 300, .oracle_images = 80, .repeats = 10});
  const Reliability r = MeasureReliability(recording, 0);
  EXPECT_GT(Mean(r.oracle), 0.25);
  EXPECT_LT(Mean(r.oracle), 0.45);
  EXPECT_GT(Mean(r.split_half), 0.45);
  EXPECT_LT(Mean(r.split_half), 0.65);

  int64_t zeros = 0;
  double sum = 0;
  for (const float response : recording.responses.values) {
    zeros += response == 0;
    sum += response;
  }
  const auto count = static_cast<double>(recording.responses.values.size());
  EXPECT_NEAR(static_cast<double>(zeros) / count, 0.55, 0.1);
  EXPECT_NEAR(sum / count, 0.65, 0.15);
  const auto& kinds = recording.truth_units.at("kind");
  const auto share = [&](CellKind kind) {
    return static_cast<double>(std::count(kinds.begin(), kinds.end(), static_cast<float>(kind))) / 150;
  };
  EXPECT_NEAR(share(CellKind::kUnresponsive), 0.15, 0.09);
  EXPECT_NEAR(share(CellKind::kSimple), share(CellKind::kComplex), 0.25);
}

// The mean over many repeats goes towards the truth, for what eye and gain do to it averages out nearly.
TEST(Simulate, RepeatsApproachTheTruth) {
  const Recording recording = Simulate({.neurons = 40, .images = 200, .oracle_images = 30, .repeats = 200});
  const Repeats repeats = RepeatedImages(recording);
  std::vector<double> correlations, ratios;
  for (int64_t k = 0; k < 40; ++k) {
    if (recording.truth_units.at("kind")[k] == static_cast<float>(CellKind::kUnresponsive)) continue;
    std::vector<double> means, truth;
    for (size_t i = 0; i < repeats.images.size(); ++i) {
      double sum = 0;
      for (const int64_t t : repeats.trials[i]) sum += recording.response(t)[k];
      means.push_back(sum / 200);
      truth.push_back(recording.truth.values[repeats.images[i] * 40 + k]);
    }
    correlations.push_back(Correlation(means, truth));
    ratios.push_back(Mean(means) / Mean(truth));
  }
  EXPECT_GT(Mean(correlations), 0.9);
  EXPECT_NEAR(Mean(ratios), 1, 0.1);
}

TEST(Simulate, ImpossibleWishes) {
  struct Case {
    const char* expected;
    void (*change)(SimulateOptions&);
  };
  const Case cases[] = {
      {"--neurons", [](SimulateOptions& o) { o.neurons = 0; }},
      {"--images", [](SimulateOptions& o) { o.images = 1; }},
      {"--images", [](SimulateOptions& o) { o.images = int64_t{1} << 62; }},
      {"--oracle-images", [](SimulateOptions& o) { o.oracle_images = -1; }},
      {"--repeats", [](SimulateOptions& o) { o.repeats = 0; }},
      {"--scan", [](SimulateOptions& o) { o.scan = -1; }},
      {"--shared-neurons", [](SimulateOptions& o) { o.shared_neurons = 1.5; }},
      {"--complex-share: expected 0 to 1, got 1.2", [](SimulateOptions& o) { o.mouse.complex_share = 1.2; }},
      {"--frequency-highest", [](SimulateOptions& o) { o.mouse.frequency_highest = 0.001; }},
      {"--rate-median", [](SimulateOptions& o) { o.mouse.rate_median = 0; }},
      {"--half-contrast", [](SimulateOptions& o) { o.mouse.half_contrast = std::nan(""); }},
      {"too many responses", [](SimulateOptions& o) { o.neurons = o.images = 10'000'000; }},
      {"too few images to show in dead-leaves:50x20x20: expected 52 (40 and 12 for the oracle), got 50",
       [](SimulateOptions& o) { o.stimuli = "dead-leaves:50x20x20"; }},
  };
  for (const Case& each : cases) {
    SimulateOptions options = Small();
    each.change(options);
    EXPECT_THAT([&] { Simulate(options); }, testing::ThrowsMessage<Error>(HasSubstr(each.expected)));
  }
}

// Scans of one brain: other neurons, another order of the same images with the same roles; some cells may be
// the same, with the same truth and noise of their own.
TEST(Simulate, SeveralScansOfOneBrain) {
  SimulateOptions first = Small(), second = Small();
  second.scan = 1;
  first.shared_neurons = second.shared_neurons = 0.25;  // 6 of 24
  const Recording a = Simulate(first), b = Simulate(second);
  EXPECT_EQ(a.images.bytes, b.images.bytes);
  EXPECT_NE(a.trial_image, b.trial_image);
  EXPECT_NE(a.behavior.values, b.behavior.values);
  std::map<int64_t, Tier> tier;
  for (int64_t t = 0; t < a.trials(); ++t) tier[a.trial_image[t]] = a.tiers[t];
  for (int64_t t = 0; t < b.trials(); ++t) EXPECT_EQ(tier[b.trial_image[t]], b.tiers[t]);
  for (int64_t k = 0; k < 24; ++k) {
    std::vector<double> truth_a, truth_b, noise_a, noise_b;
    for (int64_t i = 0; i < a.images.count(); ++i) {
      truth_a.push_back(a.truth.values[i * 24 + k]);
      truth_b.push_back(b.truth.values[i * 24 + k]);
    }
    EXPECT_EQ(truth_a == truth_b, k < 6) << k;
    EXPECT_EQ(a.neuron_numbers.at("unit_ids")[k] == b.neuron_numbers.at("unit_ids")[k], k < 6) << k;
    for (int64_t t = 0; t < a.trials(); ++t) {
      noise_a.push_back(a.response(t)[k]);
      noise_b.push_back(b.response(t)[k]);
    }
    EXPECT_NE(noise_a, noise_b) << k;
  }
}

// Each option changes what it names, and nothing else that can be seen here.
TEST(Simulate, OptionsOfTheMouse) {
  SimulateOptions options = Small();
  options.mouse.unresponsive_share = 1;
  const Recording deaf = Simulate(options);
  for (int64_t k = 0; k < 24; ++k)
    for (int64_t i = 1; i < deaf.images.count(); ++i)
      ASSERT_EQ(deaf.truth.values[i * 24 + k], deaf.truth.values[k]);

  options = Small();
  options.mouse.unresponsive_share = 0;
  options.mouse.complex_share = 1;
  const std::vector<float> kinds = Simulate(options).truth_units.at("kind");
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), static_cast<float>(CellKind::kComplex)), 24);

  options = Small();
  options.mouse.frequency_spread = 0;
  options.mouse.bandwidth_spread = 0;
  const Recording alike = Simulate(options);
  for (const float frequency : alike.truth_units.at("frequency_cycles_per_px"))
    EXPECT_FLOAT_EQ(frequency, 0.04f * 100 / 64);
  for (const float sigma : alike.truth_units.at("sigma_along_px"))
    EXPECT_FLOAT_EQ(sigma, static_cast<float>(GaborSigma(0.04 * 100 / 64, 1.75)));

  options = Small();
  options.mouse.scatter = 0;
  options.mouse.magnification = 20;
  const Recording mapped = Simulate(options);
  for (int64_t k = 0; k < 24; ++k)
    EXPECT_NEAR(mapped.position_um.values[3 * k], mapped.truth_units.at("x_px")[k] * 20 * 100 / 64, 1e-2);
}

// Events so many and so even that nothing but gaze and gain is left, and then neither: the trial is the
// truth.
TEST(Simulate, WithoutNoiseTrialsAreTheTruth) {
  SimulateOptions options = Small();
  options.mouse.event_median = 1e-5;
  options.mouse.event_shape = 100;
  const auto distance = [&] {
    const Recording recording = Simulate(options);
    double worst = 0;
    for (int64_t t = 0; t < recording.trials(); ++t)
      for (int64_t k = 0; k < 24; ++k) {
        const double truth = recording.truth.values[recording.trial_image[t] * 24 + k];
        worst = std::max(worst, std::abs(recording.response(t)[k] - truth) / (0.1 + truth));
      }
    return worst;
  };
  EXPECT_GT(distance(), 0.3);
  options.mouse.fluctuation = options.mouse.arousal_gain = options.mouse.gaze_sigma = 0;
  EXPECT_LT(distance(), 0.05);
  options.mouse.shared_dimensions = 3;
  EXPECT_GT(distance(), 0.3);
}

// Pairs of unresponsive neurons share what the common gains give them, and no more.
TEST(Simulate, SharedNoise) {
  SimulateOptions options{.neurons = 40, .images = 600, .oracle_images = 0, .seed = 3};
  options.mouse.unresponsive_share = 1;
  options.mouse.rate_median = 4;
  const auto correlations = [&] {
    const Recording recording = Simulate(options);
    std::vector<std::vector<double>> series(40);
    for (int64_t t = 0; t < recording.trials(); ++t)
      for (int64_t k = 0; k < 40; ++k) series[k].push_back(recording.response(t)[k]);
    std::vector<double> pairs;
    for (size_t a = 0; a < 40; ++a)
      for (size_t b = a + 1; b < 40; ++b) pairs.push_back(Correlation(series[a], series[b]));
    return pairs;
  };
  options.mouse.arousal_gain = options.mouse.fluctuation = 0;
  EXPECT_NEAR(Mean(correlations()), 0, 0.02);
  EXPECT_LT(StandardDeviation(correlations()), 0.06);  // 1 / sqrt(600) is 0.04
  options.mouse.fluctuation = 0.3;  // of variance 0.09: 16 x 0.094 of 16 x 0.094 + 2 x 0.85 x 4
  EXPECT_NEAR(Mean(correlations()), 0.17, 0.04);
  options.mouse.fluctuation = 0;
  options.mouse.shared_dimensions = 2;
  options.mouse.shared_sigma = 0.4;
  EXPECT_NEAR(Mean(correlations()), 0, 0.06);
  EXPECT_GT(StandardDeviation(correlations()), 0.1);
}

TEST(Simulate, WorksWithoutOracleAndOnLargerSets) {
  SimulateOptions options = Small();
  options.oracle_images = 0;
  options.stimuli = "dead-leaves:60x20x24";
  const Recording recording = Simulate(options);
  CheckRecording(recording, "simulated");
  EXPECT_EQ(recording.images.count(), 40);
  EXPECT_GT(recording.image_ids.back(), 39);  // a random part of the sixty
  EXPECT_TRUE(RepeatedImages(recording).images.empty());
}

TEST(SimulatedMouse, AnswersAverageToTheRate) {
  const SimulatedMouse mouse({.seed = 1, .neurons = 3}, 36, 64);
  constexpr int kTrials = 20000;
  for (const double rate : {0.05, 0.6, 4.0}) {
    std::vector<double> answers;
    for (int t = 0; t < kTrials; ++t) answers.push_back(mouse.Respond(2, t, rate, 0, 0));
    const double quantum = mouse.neurons()[2].quantum;
    // A Poisson number of exponential events: the variance is 2 quantum x mean.
    const double sigma = std::sqrt(2 * quantum * rate);
    EXPECT_NEAR(Mean(answers), rate, 4 * sigma / std::sqrt(kTrials)) << rate;
    EXPECT_NEAR(StandardDeviation(answers), sigma, 0.05 * sigma) << rate;
  }
  EXPECT_EQ(mouse.Respond(1, 7, 2, 0.3, 0.1), mouse.Respond(1, 7, 2, 0.3, 0.1));
}

TEST(SimulatedMouse, AdaptationGivesTheMeanRate) {
  std::vector<Canvas> canvases;
  RandomStream stream(2, "test/images");
  for (int i = 0; i < 60; ++i) {
    // Blurred noise: each pixel is the mean of what stands to its left and above.
    std::vector<float> image(36 * 64);
    stream.FillUniform(image, 0, 1);
    for (int64_t p = 64; p < 36 * 64; ++p)
      image[p] = 0.1f * image[p] + 0.5f * image[p - 1] + 0.4f * image[p - 64];
    canvases.emplace_back(36, 64).Show(image, 0, 0);
  }
  SimulatedMouse mouse({.seed = 3, .neurons = 30}, 36, 64);
  for (int64_t k = 0; k < 30; ++k) {
    mouse.Adapt(k, canvases);
    std::vector<double> rates;
    for (const Canvas& canvas : canvases) rates.push_back(mouse.Rate(k, canvas));
    const SimulatedNeuron& n = mouse.neurons()[k];
    EXPECT_NEAR(Mean(rates), n.mean_rate, 1e-6) << k;
    if (n.kind == CellKind::kUnresponsive) {
      EXPECT_NEAR(StandardDeviation(rates), 0, 1e-12);
    } else {
      const auto silent = std::count_if(rates.begin(), rates.end(), [&](double rate) {
        return rate <= n.spontaneous * n.mean_rate * (1 + 1e-9);
      });
      EXPECT_NEAR(static_cast<double>(silent) / 60, n.threshold_quantile, 2.0 / 60) << k;
    }
  }
}

TEST(MouseBehavior, NeutralOnAverage) {
  const MouseBehavior behavior = SimulateBehavior(4000, 9);
  EXPECT_NEAR(Mean(behavior.eye_x), 0, 1e-9);
  EXPECT_NEAR(Mean(behavior.arousal), 0, 1e-9);
  EXPECT_NEAR(StandardDeviation(behavior.eye_x), 1.5, 0.25);
  EXPECT_NEAR(StandardDeviation(behavior.eye_y), 1.5, 0.25);
  EXPECT_NEAR(StandardDeviation(behavior.arousal), 1, 0.2);
  std::vector<double> pupil, derivative, speed;
  for (int64_t t = 0; t < 4000; ++t) {
    pupil.push_back(behavior.behavior.values[t * 3]);
    derivative.push_back(behavior.behavior.values[t * 3 + 1]);
    speed.push_back(behavior.behavior.values[t * 3 + 2]);
    if (t > 0) {
      EXPECT_NEAR(derivative[t], pupil[t] - pupil[t - 1], 1e-4);
    }
  }
  EXPECT_GT(Correlation(pupil, speed), 0.3);
  const auto resting = std::count(speed.begin(), speed.end(), 0.0);
  EXPECT_GT(resting, 2000);
  EXPECT_LT(resting, 3600);
  // The pupil's centre tells where the eye looks: a rotation and a scale.
  std::vector<double> x, along;
  for (int64_t t = 0; t < 4000; ++t) {
    x.push_back(behavior.pupil_center.values[t * 2] * std::cos(0.2) +
                behavior.pupil_center.values[t * 2 + 1] * std::sin(0.2));
    along.push_back(behavior.eye_x[t]);
  }
  EXPECT_GT(Correlation(x, along), 0.9999);
}

TEST(MouseBehavior, OneTrial) {
  const MouseBehavior behavior = SimulateBehavior(1, 0);
  EXPECT_EQ(behavior.arousal[0], 0);
  EXPECT_EQ(behavior.eye_x[0], 0);
}

}  // namespace murine::simulate_test
