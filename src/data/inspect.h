// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include "data/recording.h"

namespace murine {

// What is in a recording: the keys of the `inspect` result, figures as means over neurons, and the faults
// found (neurons that never fire, constant images, duplicates, missing behaviour ...).
Json Inspect(const Recording& recording, uint64_t seed);

// The same for people, a few lines.
std::string FormatInspection(const Json& inspection);

}  // namespace murine
