// SPDX-License-Identifier: Apache-2.0
#include "train/scores.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace murine {
namespace {

std::vector<double> Column(const NdArray<float>& array, int64_t column) {
  const int64_t size = array.row_size();
  std::vector<double> values(static_cast<size_t>(array.rows()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = array.values[static_cast<int64_t>(i) * size + column];
  return values;
}

std::vector<double> Recorded(const Recording& recording, std::span<const int64_t> trials, int64_t neuron) {
  std::vector<double> values;
  for (const int64_t trial : trials) values.push_back(recording.response(trial)[neuron]);
  return values;
}

// Positions in `trials` that show the same image, of images shown at least twice.
std::vector<std::vector<size_t>> RepeatGroups(const Recording& recording, std::span<const int64_t> trials) {
  std::map<int64_t, std::vector<size_t>> groups;
  for (size_t i = 0; i < trials.size(); ++i) groups[recording.trial_image[trials[i]]].push_back(i);
  std::vector<std::vector<size_t>> repeated;
  for (auto& [image, members] : groups)
    if (members.size() > 1) repeated.push_back(std::move(members));
  return repeated;
}

double SampleVariance(std::span<const double> values) {
  const double mean = Mean(values);
  double squares = 0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return squares / static_cast<double>(values.size() - 1);
}

// One neuron's scores over repeated images.
struct RepeatScores {
  double to_average = 0, fev = 0, feve = 0;
};

RepeatScores ScoreRepeats(std::span<const double> predicted, std::span<const double> recorded,
                          const std::vector<std::vector<size_t>>& groups) {
  std::vector<double> predicted_means, recorded_means, all;
  double noise = 0, error = 0;
  for (const std::vector<size_t>& group : groups) {
    std::vector<double> p, r;
    for (const size_t i : group) {
      p.push_back(predicted[i]);
      r.push_back(recorded[i]);
      error += (predicted[i] - recorded[i]) * (predicted[i] - recorded[i]);
    }
    predicted_means.push_back(Mean(p));
    recorded_means.push_back(Mean(r));
    noise += SampleVariance(r) / static_cast<double>(groups.size());
    all.insert(all.end(), r.begin(), r.end());
  }
  RepeatScores scores;
  scores.to_average = Correlation(predicted_means, recorded_means);
  const double total = SampleVariance(all);
  if (total <= 0) return scores;
  error /= static_cast<double>(all.size());
  scores.fev = (total - noise) / total;
  if (total > noise) scores.feve = 1 - (error - noise) / (total - noise);
  return scores;
}

Json MeanOrNull(std::span<const double> values) {
  return values.empty() ? Json(nullptr) : Json(Mean(values));
}

}  // namespace

std::vector<int64_t> ImagesShown(const Recording& recording, std::span<const int64_t> trials) {
  std::set<int64_t> images;
  for (const int64_t trial : trials) images.insert(recording.trial_image[trial]);
  return {images.begin(), images.end()};
}

std::vector<double> CorrelationOverTrials(const Recording& recording, const TrialPredictions& predictions) {
  std::vector<double> correlations;
  for (int64_t a = 0; a < recording.neurons(); ++a)
    correlations.push_back(
        Correlation(Column(predictions.predicted, a), Recorded(recording, predictions.trials, a)));
  return correlations;
}

EncodingScores ScoreEncoding(const Recording& recording, const TrialPredictions& predictions,
                             std::span<const int64_t> images, const NdArray<float>& denoised) {
  EncodingScores scores;
  scores.single_trial = CorrelationOverTrials(recording, predictions);
  const auto groups = RepeatGroups(recording, predictions.trials);
  const int64_t neurons = recording.neurons();
  for (int64_t a = 0; a < neurons && groups.size() > 1; ++a) {
    const RepeatScores repeat =
        ScoreRepeats(Column(predictions.predicted, a), Recorded(recording, predictions.trials, a), groups);
    scores.to_average.push_back(repeat.to_average);
    scores.fev.push_back(repeat.fev);
    scores.feve.push_back(repeat.feve);
  }
  if (recording.truth.values.empty() || denoised.values.empty()) return scores;
  for (int64_t a = 0; a < neurons; ++a) {
    std::vector<double> truth;
    for (const int64_t image : images) truth.push_back(recording.truth.values[image * neurons + a]);
    scores.truth.push_back(Correlation(Column(denoised, a), truth));
  }
  return scores;
}

Json SummarizeScores(const EncodingScores& scores, const Reliability& reliability) {
  Json summary;
  summary["single_trial_correlation"] = MeanOrNull(scores.single_trial);
  summary["correlation_to_average"] = MeanOrNull(scores.to_average);
  std::vector<double> feve, known, reliable;
  for (size_t a = 0; a < scores.feve.size(); ++a)
    if (scores.fev[a] >= kLeastFev) feve.push_back(scores.feve[a]);
  summary["feve"] = MeanOrNull(feve);
  summary["feve_neurons"] = feve.size();
  double product = 0, square = 0;
  for (size_t a = 0; a < scores.single_trial.size(); ++a) {
    product += scores.single_trial[a] * reliability.oracle[a];
    square += reliability.oracle[a] * reliability.oracle[a];
  }
  summary["fraction_oracle"] = reliability.repeated() && square > 0 ? Json(product / square) : Json(nullptr);
  if (!scores.truth.empty()) {
    for (size_t a = 0; a < scores.truth.size(); ++a) {
      if (std::isnan(scores.truth[a])) continue;
      known.push_back(scores.truth[a]);
      if (reliability.oracle[a] > kReliableOracle) reliable.push_back(scores.truth[a]);
    }
    summary["truth_correlation"] = MeanOrNull(known);
    summary["truth_correlation_reliable"] = MeanOrNull(reliable);
    summary["reliable_neurons"] = reliable.size();
  }
  return summary;
}

}  // namespace murine
