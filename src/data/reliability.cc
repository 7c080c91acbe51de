// SPDX-License-Identifier: Apache-2.0
#include "data/reliability.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/repeat_halves.h"

namespace murine {
namespace {

// One random halving moves the mean over neurons by about 0.02 (50 images, 10 repeats): 100 of them leave an
// error of 0.002, which the two decimals that the field reports do not show.
constexpr int kHalvings = 100;

// A neuron whose repeats agree exactly would get an infinite weight and be the only one to count.
constexpr double kLargestWeight = 100;

// The responses of one neuron to the repeated images, in the order of RepeatHalves::trials.
using Responses = std::span<const double>;

// Mean over images of each image's mean, and so on: the sums of squares that the scores are made of.
struct Variances {
  double signal = 0;        // over images, of the repeat-mean; population
  double noise = 0;         // mean over images of the variance over repeats; population
  double noise_sample = 0;  // the same, sample variance (n - 1)
  double total_sample = 0;  // over all repeated trials, sample variance
};

double SumOfSquares(Responses values, double mean) {
  double sum = 0;
  for (const double x : values) sum += (x - mean) * (x - mean);
  return sum;
}

Variances MeasureVariances(Responses responses, const RepeatHalves& plan) {
  Variances v;
  std::vector<double> image_means;
  const auto images = static_cast<double>(plan.images());
  for (size_t i = 0; i < plan.images(); ++i) {
    const Responses repeats = responses.subspan(plan.first[i], plan.count(i));
    const auto n = static_cast<double>(repeats.size());
    image_means.push_back(Mean(repeats));
    const double squares = SumOfSquares(repeats, image_means.back());
    v.noise += squares / n / images;
    v.noise_sample += squares / (n - 1) / images;
  }
  v.signal = SumOfSquares(image_means, Mean(image_means)) / images;
  v.total_sample = SumOfSquares(responses, Mean(responses)) / static_cast<double>(responses.size() - 1);
  return v;
}

// Each trial against the mean of the other repeats of its image, over all repeated trials.
double LeaveOneOutCorrelation(Responses responses, const RepeatHalves& plan) {
  std::vector<double> others(responses.size());
  for (size_t i = 0; i < plan.images(); ++i) {
    const Responses repeats = responses.subspan(plan.first[i], plan.count(i));
    const double sum = std::accumulate(repeats.begin(), repeats.end(), 0.0);
    for (size_t r = 0; r < repeats.size(); ++r)
      others[plan.first[i] + r] = (sum - repeats[r]) / static_cast<double>(repeats.size() - 1);
  }
  return Correlation(responses, others);
}

double SplitHalfCorrelation(Responses responses, const RepeatHalves& plan) {
  std::vector<double> sums(plan.images()), first(plan.images()), second(plan.images());
  for (size_t i = 0; i < plan.images(); ++i) {
    const Responses repeats = responses.subspan(plan.first[i], plan.count(i));
    sums[i] = std::accumulate(repeats.begin(), repeats.end(), 0.0);
  }
  double correlations = 0;
  for (const std::vector<size_t>& half : plan.half) {
    for (size_t i = 0; i < plan.images(); ++i) {
      double sum = 0;
      for (size_t k = plan.half_first[i]; k < plan.half_first[i + 1]; ++k) sum += responses[half[k]];
      const size_t taken = plan.half_first[i + 1] - plan.half_first[i];
      first[i] = sum / static_cast<double>(taken);
      second[i] = (sums[i] - sum) / static_cast<double>(plan.count(i) - taken);
    }
    correlations += Correlation(first, second);
  }
  return correlations / kHalvings;
}

double WeightOf(const Variances& v) {
  if (v.signal == 0) return 0;
  return std::min(kLargestWeight, std::sqrt(v.signal / v.noise));  // noise 0 gives infinity
}

}  // namespace

double Mean(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double Correlation(std::span<const double> a, std::span<const double> b) {
  const double mean_a = Mean(a), mean_b = Mean(b);
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i] - mean_a, y = b[i] - mean_b;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  // What rounding leaves of a constant is no variation.
  const auto constant = [n = static_cast<double>(a.size())](double squares, double mean) {
    return squares <= 1e-24 * n * mean * mean;
  };
  if (constant(aa, mean_a) || constant(bb, mean_b)) return 0;
  return std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0);
}

Reliability MeasureReliability(const Recording& recording, uint64_t seed) {
  const Repeats repeats = RepeatedImages(recording);
  const auto neurons = static_cast<size_t>(recording.neurons());
  Reliability result;
  result.images = static_cast<int64_t>(repeats.images.size());
  for (auto* scores : {&result.sigma, &result.eta, &result.w, &result.oracle, &result.oracle_conservative,
                       &result.fev, &result.split_half, &result.split_half_spearman_brown})
    scores->assign(neurons, 0);
  if (!result.repeated()) {
    result.w.assign(neurons, 1);
    return result;
  }

  const RepeatHalves plan = DrawHalves(repeats, kHalvings, seed);
  result.repeats = static_cast<double>(plan.trials.size()) / static_cast<double>(plan.images());
  std::vector<double> responses(plan.trials.size());
  for (size_t a = 0; a < neurons; ++a) {
    for (size_t k = 0; k < responses.size(); ++k)
      responses[k] = recording.responses.values[plan.trials[k] * neurons + a];
    if (std::all_of(responses.begin(), responses.end(), [&](double x) { return x == responses[0]; }))
      continue;  // never varies: every score stays 0

    const Variances v = MeasureVariances(responses, plan);
    result.sigma[a] = std::sqrt(v.signal);
    result.eta[a] = std::sqrt(v.noise);
    result.w[a] = WeightOf(v);
    result.oracle[a] = LeaveOneOutCorrelation(responses, plan);
    result.oracle_conservative[a] = std::sqrt(v.signal / (v.signal + v.noise));
    result.fev[a] = (v.total_sample - v.noise_sample) / v.total_sample;
    const double r = SplitHalfCorrelation(responses, plan);
    result.split_half[a] = r;
    // 2r / (1 + r) where r > 0, and its mirror image below, where the formula itself runs off to infinity.
    result.split_half_spearman_brown[a] = 2 * r / (1 + std::abs(r));
  }
  return result;
}

}  // namespace murine
