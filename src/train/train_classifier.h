// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"
#include "train/train_options.h"

namespace murine {

// Trains a classifier, with a similarity target the joint loss of method.md section 5, into the run folder
// `run`: config.toml, metrics.jsonl, state.safetensors (while training), model.safetensors, results.json.
// Goes on where an earlier call stopped; a finished run gives its result. The best epoch by validation loss
// is kept; one per cent of the training images, drawn by the stream (seed, "validation"), is for validation.
// Returns the keys of `train` in the command line's contract.
Json TrainClassifier(const TrainOptions& options, const std::filesystem::path& run);

}  // namespace murine
