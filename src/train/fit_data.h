// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "data/recording.h"
#include "nn/encoder.h"

namespace murine {

// A recording as tensors.
struct FitData {
  Recording recording;
  std::string hash;                              // of the file
  torch::Tensor images;                          // [image, 1, h, w] in [0, 1]
  std::vector<int64_t> train, validation, test;  // trials

  torch::Tensor Images(std::span<const int64_t> trials) const;     // [n, 1, h, w]
  torch::Tensor Responses(std::span<const int64_t> trials) const;  // [n, neurons], the recording's units
  Conditions Behavior(std::span<const int64_t> trials) const;
  torch::Tensor Coordinates() const;  // [neurons, 3], micrometres. Error: the recording has none
  // Trials on which a finished model is scored: test, or validation where nothing is for testing.
  const std::vector<int64_t>& HeldOut() const { return test.empty() ? validation : test; }
};

// Errors: no training or validation trials, colour images.
FitData LoadFitData(const std::string& path);
// Errors too: images of different sizes, which one core cannot read at one scale.
std::vector<FitData> LoadFitData(const std::vector<std::string>& paths);

// Training, validation and test trials by the recording's tiers, as they are at first.
void SplitByTier(FitData& data);
// Test: every trial of one of `folds` equal shares of the images; validation: of a tenth of the other images;
// training: of the rest, whatever their tier. Withheld trials take no part. Images are drawn for shares by
// (seed, "fit/folds"); one that several recordings show, pixel by pixel, falls into the same share in all of
// them, for their common core learns from all. Errors: too few images.
void SplitByFold(std::vector<FitData>& data, int64_t folds, int64_t fold, uint64_t seed);

// Root of the mean squared deviation from the local mean, both over 7 x 7 pixels, every `stride` pixels:
// images [n, 1, h, w] -> [n, h', w'].
torch::Tensor LocalContrast(const torch::Tensor& images, int64_t stride);

// Where each neuron's receptive field seems to lie, [neurons, 2] in readout coordinates (x then y, -1 and 1
// the centres of the border pixels): the place whose local contrast correlates most with the response over
// the training trials. Complex cells, which a spike-triggered average misses, show in it too.
torch::Tensor ReceptiveFieldCentres(const FitData& data);

}  // namespace murine
