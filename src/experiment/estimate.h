// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "experiment/run_experiment.h"

namespace murine {

// What RunExperiment would do into `folder`, and what it would cost on this machine: a short piece of every
// kind of stage that is not done is run and timed in a scratch folder that goes again. Nothing is written to
// `folder`. An encoding model is taken to need all its epochs. Returns {"stages": [{"stage", "done",
// "seconds", "peak_memory_bytes", "error"}], "done", "seconds" (one after the other), "jobs", "cores",
// "seconds_with_jobs", "peak_memory_bytes" (of what runs side by side), "unknown", "measuring_seconds"}; null
// where a piece could not be run, of which "error" says why.
Json EstimateExperiment(const RunOptions& options, const std::filesystem::path& folder);

// The same for people.
std::string FormatEstimate(const Json& estimate);

}  // namespace murine
