// SPDX-License-Identifier: Apache-2.0
#include "data/reliability.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "data/tiny_recording.h"

namespace murine::reliability_test {

using testing::Each;
using testing::ElementsAre;

TEST(Correlation, ClosedForms) {
  EXPECT_NEAR(Correlation(std::vector<double>{1, 2, 3}, std::vector<double>{1, 2, 4}),
              3 / std::sqrt(2 * 42.0 / 9), 1e-15);
  EXPECT_EQ(Correlation(std::vector<double>{1, 2, 3}, std::vector<double>{-2, -4, -6}), -1);
  EXPECT_EQ(Correlation(std::vector<double>{1, 2, 3}, std::vector<double>{5, 5, 5}), 0);
  // 0.1 summed three times is not 0.3: a constant must still count as one.
  EXPECT_EQ(Correlation(std::vector<double>{1, 2, 3, 7}, std::vector<double>(4, 0.1 + 0.2)), 0);
  EXPECT_EQ(Correlation({}, {}), 0);
}

// Normal signal of variance 1 and normal noise of variance 3: every score has a closed expectation.
TEST(Reliability, KnownSignalAndNoise) {
  constexpr uint64_t kSeed = 3;
  constexpr double kNoise = 3;
  constexpr int64_t kImages = 200, kRepeats = 10, kNeurons = 200;
  const Recording recording = MakeTinyRecording(
      std::vector<int64_t>(kImages, kRepeats), kNeurons, [&](int64_t image, int64_t repeat, int64_t neuron) {
        const double signal = RandomStream(kSeed, "signal", neuron, image).Normal();
        const double noise = RandomStream(kSeed, "noise", neuron, image * kRepeats + repeat).Normal();
        return signal + std::sqrt(kNoise) * noise;
      });
  const Reliability r = MeasureReliability(recording, kSeed);
  EXPECT_EQ(r.images, kImages);
  EXPECT_EQ(r.repeats, kRepeats);

  std::vector<double> signal, noise;
  for (int64_t a = 0; a < kNeurons; ++a) {
    signal.push_back(r.sigma[a] * r.sigma[a]);
    noise.push_back(r.eta[a] * r.eta[a]);
    EXPECT_DOUBLE_EQ(r.w[a], r.sigma[a] / r.eta[a]);
  }
  const double mean_variance = 1 + kNoise / kRepeats, repeat_variance = kNoise * (kRepeats - 1) / kRepeats;
  EXPECT_NEAR(Mean(signal), mean_variance, 0.03);
  EXPECT_NEAR(Mean(noise), repeat_variance, 0.03);
  EXPECT_NEAR(Mean(r.oracle_conservative), std::sqrt(mean_variance / (mean_variance + repeat_variance)),
              0.01);
  EXPECT_NEAR(Mean(r.fev), 1 / (1 + kNoise), 0.01);
  EXPECT_NEAR(Mean(r.oracle), 1 / std::sqrt((1 + kNoise) * (1 + kNoise / (kRepeats - 1))), 0.01);
  EXPECT_NEAR(Mean(r.split_half), 1 / (1 + kNoise / 5), 0.01);
  EXPECT_NEAR(Mean(r.split_half_spearman_brown), 1 / (1 + kNoise / kRepeats), 0.01);
}

// The definitions once more, straight from the trials, where images differ in their number of repeats.
TEST(Reliability, BruteForceWithVaryingRepeats) {
  constexpr uint64_t kSeed = 11;
  const std::vector<int64_t> counts = {2, 3, 1, 5, 2, 4};
  const Recording recording =
      MakeTinyRecording(counts, 3, [&](int64_t image, int64_t repeat, int64_t neuron) {
        return RandomStream(kSeed, "response", neuron, image * 8 + repeat).Exponential() +
               static_cast<double>(image);
      });
  const Reliability r = MeasureReliability(recording, kSeed);
  EXPECT_EQ(r.images, 5);
  EXPECT_DOUBLE_EQ(r.repeats, 16.0 / 5);

  for (int64_t a = 0; a < 3; ++a) {
    std::vector<double> single, others, all_means;
    double noise = 0, noise_sample = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] < 2) continue;
      std::vector<double> x;
      for (int64_t t = 0; t < recording.trials(); ++t)
        if (recording.trial_image[t] == static_cast<int64_t>(i)) x.push_back(recording.response(t)[a]);
      all_means.push_back(Mean(x));
      double squares = 0;
      for (size_t k = 0; k < x.size(); ++k) {
        squares += (x[k] - Mean(x)) * (x[k] - Mean(x));
        single.push_back(x[k]);
        std::vector<double> rest = x;
        rest.erase(rest.begin() + static_cast<int64_t>(k));
        others.push_back(Mean(rest));
      }
      noise += squares / static_cast<double>(x.size()) / 5;
      noise_sample += squares / static_cast<double>(x.size() - 1) / 5;
    }
    double total = 0, signal = 0;
    for (const double x : single) total += (x - Mean(single)) * (x - Mean(single)) / 15;
    for (const double m : all_means) signal += (m - Mean(all_means)) * (m - Mean(all_means)) / 5;
    EXPECT_NEAR(r.sigma[a], std::sqrt(signal), 1e-12);
    EXPECT_NEAR(r.eta[a], std::sqrt(noise), 1e-12);
    EXPECT_NEAR(r.w[a], std::sqrt(signal / noise), 1e-12);
    EXPECT_NEAR(r.oracle[a], Correlation(single, others), 1e-12);
    EXPECT_NEAR(r.oracle_conservative[a], signal / std::sqrt(signal * (signal + noise)), 1e-12);
    EXPECT_NEAR(r.fev[a], (total - noise_sample) / total, 1e-12);
  }
}

// Every halving there is, one after the other; the measured mean is over a random part of them.
TEST(Reliability, SplitHalfOverAllHalvings) {
  constexpr uint64_t kSeed = 2;
  const std::vector<int64_t> counts = {2, 3, 1, 5, 2, 4, 3, 5};
  const Recording recording = MakeTinyRecording(counts, 1, [&](int64_t image, int64_t repeat, int64_t) {
    return RandomStream(kSeed, "response", repeat, image).Normal() + 0.4 * static_cast<double>(image);
  });
  const Repeats repeats = RepeatedImages(recording);
  std::vector<double> correlations;
  std::vector<size_t> order = {0, 1, 2, 3, 4};
  do {
    std::vector<double> first, second;
    for (const std::vector<int64_t>& trials : repeats.trials) {
      std::vector<double> ordered;
      for (const size_t repeat : order)
        if (repeat < trials.size()) ordered.push_back(recording.response(trials[repeat])[0]);
      const std::span<const double> all = ordered;
      first.push_back(Mean(all.first(all.size() / 2)));
      second.push_back(Mean(all.subspan(all.size() / 2)));
    }
    correlations.push_back(Correlation(first, second));
  } while (std::next_permutation(order.begin(), order.end()));
  double variance = 0;
  for (const double c : correlations) variance += (c - Mean(correlations)) * (c - Mean(correlations)) / 120;
  EXPECT_NEAR(MeasureReliability(recording, kSeed).split_half[0], Mean(correlations),
              4 * std::sqrt(variance / 100));
  EXPECT_LT(4 * std::sqrt(variance / 100), 0.1);  // the bound above is tight enough to catch another rule
}

// Two repeats have one split: the first showings against the second. A change of the recording between them
// moves all images alike and costs nothing.
TEST(Reliability, TwoRepeatsAreOneSplitAndDriftIsNoNoise) {
  const std::vector<double> first = {1, 4, 2, 8, 5}, second = {2, 3, 3, 9, 4};
  for (const double drift : {0.0, 10.0}) {
    const Recording recording =
        MakeTinyRecording(std::vector<int64_t>(5, 2), 1, [&](int64_t image, int64_t repeat, int64_t) {
          return repeat == 0 ? first[image] : second[image] + drift;
        });
    const Reliability r = MeasureReliability(recording, 0);
    const double expected = Correlation(first, second);
    EXPECT_NEAR(r.split_half[0], expected, 1e-12) << drift;
    EXPECT_NEAR(r.split_half_spearman_brown[0], 2 * expected / (1 + expected), 1e-12);
  }
}

TEST(Reliability, NoNoiseIsPerfectAndWeighsFinitely) {
  const Recording recording = MakeTinyRecording(
      {3, 2, 4}, 1, [](int64_t image, int64_t, int64_t) { return static_cast<double>(image * image); });
  const Reliability r = MeasureReliability(recording, 0);
  EXPECT_EQ(r.w[0], 100);
  EXPECT_NEAR(r.oracle[0], 1, 1e-12);
  EXPECT_NEAR(r.split_half[0], 1, 1e-12);
  EXPECT_NEAR(r.fev[0], 1, 1e-12);
}

TEST(Reliability, ConstantNeuronsScoreZero) {
  const Recording recording = MakeTinyRecording({3, 2, 4}, 2, [](int64_t image, int64_t repeat, int64_t a) {
    return a == 0 ? 0.1 : static_cast<double>(image + repeat);
  });
  const Reliability r = MeasureReliability(recording, 0);
  for (const auto* scores : {&r.sigma, &r.eta, &r.w, &r.oracle, &r.oracle_conservative, &r.fev, &r.split_half,
                             &r.split_half_spearman_brown})
    EXPECT_EQ((*scores)[0], 0);
  EXPECT_GT(r.w[1], 0);
}

TEST(Reliability, WithoutRepeatsEveryNeuronWeighsOne) {
  for (const std::vector<int64_t>& counts : {std::vector<int64_t>{1, 1, 1}, {1, 3, 1}}) {
    const Recording recording = MakeTinyRecording(counts, 2, [](int64_t image, int64_t repeat, int64_t) {
      return static_cast<double>(image + repeat);
    });
    const Reliability r = MeasureReliability(recording, 0);
    EXPECT_FALSE(r.repeated());
    EXPECT_THAT(r.w, ElementsAre(1, 1));
    EXPECT_THAT(r.oracle, Each(0));
  }
}

TEST(Reliability, SeedNamesTheHalves) {
  const Recording recording =
      MakeTinyRecording(std::vector<int64_t>(20, 7), 1, [](int64_t image, int64_t repeat, int64_t) {
        return RandomStream(5, "response", image, repeat).Uniform() + 0.02 * static_cast<double>(image);
      });
  const Reliability a = MeasureReliability(recording, 0), again = MeasureReliability(recording, 0),
                    other = MeasureReliability(recording, 1);
  EXPECT_EQ(a.split_half, again.split_half);
  EXPECT_NE(a.split_half, other.split_half);
  EXPECT_NEAR(a.split_half[0], other.split_half[0], 0.05);
  EXPECT_EQ(a.oracle, other.oracle);
}

}  // namespace murine::reliability_test
