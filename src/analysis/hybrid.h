// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/measures.h"
#include "data/image_set.h"
#include "nn/classifier.h"

namespace murine {

// Low frequencies of one image with the high ones of another (Oliva et al. 2006,
// doi 10.1145/1141911.1141964), [n, c, h, w] each, not clamped: G A + (1 - G) B with the Gaussian gain G =
// 2^-(f / mixing)^2, which is a half at the mixing frequency. f and `mixing` are in cycles per image (its
// shorter side). At 0 the image is B, at infinity A.
torch::Tensor HybridImages(const torch::Tensor& low, const torch::Tensor& high, double mixing);

// Which of the two classes the classifier names, over the mixing frequency (Li et al. 2023, doi
// 10.1371/journal.pcbi.1010932): each image with one of another class, drawn by the seed. Curves "hybrid_low"
// and "hybrid_high": the shares that are named as the class of the low and of the high frequencies. Value
// "hybrid_crossover": where the two are equal, between the frequencies tried linearly; the lower it is, the
// more the model goes by low frequencies. NaN where they never are.
Measures HybridAnswers(const Classifier& classifier, const ImageSet& images, uint64_t seed);

// Where the first curve overtakes the second one, linear between points; NaN: nowhere.
double Crossover(const Curve& first, const Curve& second);

}  // namespace murine
