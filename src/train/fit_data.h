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
  // Trials on which a finished model is scored: test, or validation where nothing is for testing.
  const std::vector<int64_t>& HeldOut() const { return test.empty() ? validation : test; }
};

// Errors: no training or validation trials, colour images.
FitData LoadFitData(const std::string& path);

// Where each neuron's receptive field seems to lie, [neurons, 2] in readout coordinates (x then y, -1 and 1
// the centres of the border pixels): the place whose local contrast correlates most with the response over
// the training trials. Complex cells, which a spike-triggered average misses, show in it too.
torch::Tensor ReceptiveFieldCentres(const FitData& data);

}  // namespace murine
