// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "base/json.h"
#include "nn/encoder_file.h"
#include "train/adam.h"
#include "train/fit_options.h"

namespace murine {

// All that a fit is in the middle of, between two epochs.
struct FitState {
  FitState(const std::vector<EncoderOptions>& architectures, uint64_t seed);

  std::vector<Encoder> encoders;  // one a recording, with one core
  Adam adam;
  int64_t epoch = 0;         // that comes next
  int64_t decays = 0;        // of the learning rate so far
  int64_t without_gain = 0;  // epochs since the best, at this learning rate
  double best = -2;          // validation correlation
  int64_t best_epoch = -1;
  SafeTensors best_weights;

  void KeepAsBest(double correlation);
  void RestoreBest();
};

// A state of another configuration is refused.
void WriteFitState(const std::filesystem::path& path, const FitState& state, const Json& identity);
void ReadFitState(const std::filesystem::path& path, FitState& state, const Json& identity);

}  // namespace murine
