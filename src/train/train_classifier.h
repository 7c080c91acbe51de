// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"
#include "nn/ranks.h"
#include "train/train_options.h"

namespace murine {

// Trains a classifier, with a similarity target the joint loss of docs/metrics.md, into the run folder
// `run`: config.toml, metrics.jsonl, state.safetensors (while training), model.safetensors, results.json.
// Goes on where an earlier call stopped; a finished run gives its result. The best epoch by validation loss
// is kept; one per cent of the training images, drawn by the stream (seed, "validation"), is for validation.
// Returns the keys of `train` in the command line's contract.
// Several ranks share the parts of every step (options.parts) and what is scored; rank 0 alone reads and
// writes the run folder. Their number does not change a bit.
Json TrainClassifier(const TrainOptions& options, const std::filesystem::path& run,
                     const Ranks& ranks = Ranks());

}  // namespace murine
