// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"
#include "nn/ranks.h"
#include "robustness/evaluate_options.h"

namespace murine {

// Runs every test and writes `out` (JSON: config, clean accuracy, one entry a test and level;
// docs/formats.md) and beside it what became of every image: `out` with .images.csv, and .attacks.csv where
// there are attacks. Goes on after the last finished batch when started again. The returned object also holds
// the seconds of every test, null where an earlier call ran it. Several ranks share the batches; rank 0 alone
// reads and writes `out`, the same bytes whatever their number, and has the result (the others: null).
// Error, before anything is loaded: a file at `out` that is no JSON.
Json Evaluate(const EvaluateOptions& options, const std::filesystem::path& out, const Ranks& ranks = Ranks());

}  // namespace murine
