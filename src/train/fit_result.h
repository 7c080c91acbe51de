// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"
#include "train/fit_data.h"
#include "train/fit_state.h"
#include "train/held_out.h"
#include "train/scores.h"

namespace murine {

// Scores what was predicted of held-out trials and writes the fitted model, scores, tables of the neurons and
// figure data of some of them (.figures.json, .fields.png). Sets the encoders to evaluation.
// `held_out`: "test", "validation" or "folds", which trials those were.
Json WriteFitResult(const std::filesystem::path& out, FitState& state, const std::vector<FitData>& data,
                    const std::vector<HeldOut>& predictions, const std::string& held_out,
                    const Json& identity);

// Of a finished fit of the same configuration; another is refused.
Json StoredFitResult(const std::filesystem::path& out, const Json& identity);

}  // namespace murine
