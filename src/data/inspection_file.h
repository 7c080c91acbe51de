// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"
#include "data/inspect.h"

namespace murine {

// `murine inspect --out INSPECTION.json`: the result with `config` and `histograms` (a figure each: `edges`,
// `counts` of neurons), and beside it INSPECTION.json.neurons.csv, a line a neuron, and
// INSPECTION.json.images.png, up to twelve of the images. Returns what the file holds; a finished one is not
// made again. Errors: made of another recording or with another seed.
Json InspectToFile(const std::filesystem::path& recording, uint64_t seed, const std::filesystem::path& out);

}  // namespace murine
