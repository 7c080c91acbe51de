// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"
#include "train/fit_data.h"
#include "train/fit_state.h"
#include "train/scores.h"

namespace murine {

// Predictions of trials, with what the mouse did in them, in the recording's units. The encoder's mode is set
// to evaluation.
TrialPredictions PredictTrials(Encoder& encoder, const FitData& data, std::span<const int64_t> trials);

// Scores the best weights on held-out trials and writes model, scores and the table of the neurons.
Json WriteFitResult(const std::filesystem::path& out, FitState& state, const FitData& data,
                    const Json& identity);

// Of a finished fit of the same configuration; another is refused.
Json StoredFitResult(const std::filesystem::path& out, const Json& identity);

}  // namespace murine
