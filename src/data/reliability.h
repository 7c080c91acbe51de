// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "data/recording.h"

namespace murine {

// How reliably each neuron answers, from images shown at least twice, whatever their tier.
// [neuron] each; see docs/metrics.md for the formulas and their sources.
struct Reliability {
  int64_t images = 0;                       // repeated images used
  double repeats = 0;                       // mean number of repeats
  std::vector<double> sigma;                // sqrt of the variance over images of the repeat-mean response
  std::vector<double> eta;                  // sqrt of the mean over images of the variance over repeats
  std::vector<double> w;                    // sigma / eta; 1 for every neuron when nothing is repeated
  std::vector<double> oracle;               // leave-one-out correlation
  std::vector<double> oracle_conservative;  // var_mean / sqrt(var_mean (var_mean + var_noise))
  std::vector<double> fev;                  // fraction of explainable variance
  std::vector<double> split_half;           // mean Pearson correlation over random halves, uncorrected
  std::vector<double> split_half_spearman_brown;
  bool repeated() const { return images > 1; }
};

// `seed` names the random halves. Neurons that never vary score 0.
Reliability MeasureReliability(const Recording& recording, uint64_t seed);

// Pearson correlation; 0 where either is constant.
double Correlation(std::span<const double> a, std::span<const double> b);
double Mean(std::span<const double> values);

}  // namespace murine
