// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "data/recording.h"

namespace murine {

// How reliable the similarity of images is: the responses to the repeated images are averaged over random
// halves of the repeats, each half gives a similarity matrix, and their upper triangles are correlated
// (Pearson). Means over halvings. docs/metrics.md.
struct SimilarityReliability {
  int64_t images = 0;     // 0: too few are repeated (three at least), or there is one neuron alone
  double weighted = 0;    // every neuron times its w, as in similarity targets
  double unweighted = 0;  // the same with w = 1
  double zscored = 0;     // every neuron z-scored over images, Pearson correlation across neurons
};

// `w` [neuron]; `seed` names the halves, and the images where there are more than 200.
SimilarityReliability MeasureSimilarityReliability(const Recording& recording, std::span<const double> w,
                                                   uint64_t seed);

}  // namespace murine
