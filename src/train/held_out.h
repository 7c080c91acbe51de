// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "base/json.h"
#include "io/ndarray.h"
#include "train/fit_data.h"
#include "train/fit_state.h"

namespace murine {

// What models say of one recording's trials that they were not fitted to; of one fold, or of all.
struct HeldOut {
  std::vector<int64_t> trials;
  NdArray<float> encoder, ridge, linear;  // predictions [those trials, neuron], the recording's units
  std::vector<int64_t> images;            // those they show
  NdArray<float> denoised;                // [those images, neuron]; where there is a truth to compare with
};

// By fitted encoders and by the baselines, of the trials held out in `data`; one entry a recording.
std::vector<HeldOut> PredictHeldOut(FitState& state, const std::vector<FitData>& data);
// The next fold's behind those that are there.
void Append(std::vector<HeldOut>& all, const std::vector<HeldOut>& fold);

// A finished fold, until all are. A file of another configuration is refused.
void WriteHeldOut(const std::filesystem::path& path, const std::vector<HeldOut>& fold, const Json& identity);
std::vector<HeldOut> ReadHeldOut(const std::filesystem::path& path, size_t recordings, const Json& identity);

}  // namespace murine
