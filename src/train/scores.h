// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "data/recording.h"
#include "data/reliability.h"
#include "io/ndarray.h"

namespace murine {

// How well an encoding model predicts, per neuron. docs/metrics.md has the formulas and their sources.
struct EncodingScores {
  std::vector<double> single_trial;  // correlation over the held-out trials
  std::vector<double> to_average;    // of the repeat means; empty where nothing held out is repeated
  std::vector<double> feve;          // the same; of all neurons, though the mean takes those of FEV >= 0.15
  std::vector<double> fev;           // of those trials
  std::vector<double> truth;         // denoised against noise-free, over the held-out images; or empty
};

// Predictions and recorded responses of the same trials.
struct TrialPredictions {
  std::vector<int64_t> trials;
  NdArray<float> predicted;  // [those trials, neuron]
};

std::vector<double> CorrelationOverTrials(const Recording& recording, const TrialPredictions& predictions);

// `denoised` [image, neuron]: of `images`, for the comparison with the truth; may be empty.
EncodingScores ScoreEncoding(const Recording& recording, const TrialPredictions& predictions,
                             std::span<const int64_t> images, const NdArray<float>& denoised);

constexpr double kLeastFev = 0.15, kReliableOracle = 0.2;

// Means as `fit` reports them; null where they cannot be had.
Json SummarizeScores(const EncodingScores& scores, const Reliability& reliability);

// Images in ascending order that the trials show.
std::vector<int64_t> ImagesShown(const Recording& recording, std::span<const int64_t> trials);

}  // namespace murine
