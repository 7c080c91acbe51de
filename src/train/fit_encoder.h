// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"
#include "train/fit_options.h"

namespace murine {

// Fits an encoding model to recordings (docs/encoding-models.md) and writes it to `out` with each neuron's
// scores and, beside it, tables of the neurons (.neurons.csv), the course of the fit (.metrics.jsonl) and
// figure data of some neurons (.figures.json, .fields.png). With folds, a model for each is fitted and scored
// first
// (.foldN.metrics.jsonl). Goes on after the last finished epoch when started again; a finished fit gives its
// stored result. Returns the scores of docs/metrics.md. Errors: no training or validation trials, a loss that
// is not finite, another configuration in `out`.
Json FitEncoder(const FitOptions& options, const std::filesystem::path& out);

}  // namespace murine
