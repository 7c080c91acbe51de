// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include "data/recording.h"
#include "data/reliability.h"

namespace murine {

// What is in a recording: the keys of the `inspect` result, figures as means over neurons, and the faults
// found. `seed` names the random halves of the repeats.
struct Inspection {
  Json result;
  Reliability reliability;  // per neuron
};
Inspection InspectRecording(const Recording& recording, uint64_t seed);
Json Inspect(const Recording& recording, uint64_t seed);  // the result alone

// The same for people, a few lines.
std::string FormatInspection(const Json& inspection);

}  // namespace murine
