// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "train/fit_data.h"
#include "train/fit_state.h"
#include "train/scores.h"

namespace murine {

// What a fit is called on the progress line, and where it keeps its state and its course.
struct FitPlace {
  std::string what;
  std::filesystem::path state, metrics;
  Json identity;
};

// Fits state.encoders to the training trials of `data` (docs/encoding-models.md), from where `state` stands,
// and leaves them in evaluation mode with the weights of the best epoch. An epoch ends when the recording
// with the most trials does; shorter ones begin anew meanwhile. Each step adds up the gradients of one batch
// of every recording. Plateau decay: when the validation correlation (mean over the neurons of all
// recordings) stands still, back to the best weights with a smaller rate. Errors: a loss that is not finite,
// an interrupt; the state after the last epoch is saved.
void RunFit(const FitOptions& options, const std::vector<FitData>& data, FitState& state,
            const FitPlace& place);

// Predictions of trials, with what the mouse did in them, in the recording's units. The encoder's mode is set
// to evaluation.
TrialPredictions PredictTrials(Encoder& encoder, const FitData& data, std::span<const int64_t> trials);
// Denoised responses to images of the recording, [those images, neuron].
NdArray<float> Denoise(Encoder& encoder, const FitData& data, std::span<const int64_t> images);

}  // namespace murine
