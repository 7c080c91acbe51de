// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/measures.h"
#include "data/image_set.h"
#include "nn/classifier.h"

namespace murine {

// The spatial frequency of every place of a two-dimensional Fourier transform, [h, w], in cycles per pixel.
torch::Tensor Frequencies(int64_t height, int64_t width);

// Frequencies fall into rings of the width 1 / min(h, w): ring r holds those that round to r of it.
std::vector<double> RingFrequencies(int64_t height, int64_t width);  // [ring], cycles per pixel
// The mean of `values` [n, h, w] over each ring, [n, rings].
torch::Tensor RingMeans(const torch::Tensor& values);

// Of each image [n, c, h, w], [n, rings], double: the mean power |F|^2 in each ring, summed over channels,
// relative to the mean over all frequencies. White noise has 1 everywhere.
torch::Tensor RadialPower(const torch::Tensor& images);

// How the least perturbations of the first `images` images are spread over frequencies (Li et al. 2023, doi
// 10.1371/journal.pcbi.1010932): found by FMN in L2 with `steps` steps; images that are wrong already or do
// not fall are left out. Curve "perturbation_power" over cycles per pixel, values "perturbation_frequency"
// (the mean frequency of the power, cycles per pixel) and "perturbation_l2" (the mean size).
struct PerturbationSpectrumOptions {
  int64_t images = 200, steps = 100;
  uint64_t seed = 0;
};
Measures PerturbationSpectrum(const Classifier& classifier, const ImageSet& images,
                              const PerturbationSpectrumOptions& options);

}  // namespace murine
