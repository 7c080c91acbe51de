// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "report/field.h"

namespace murine {

// Of what `inspect --out` wrote: {name, neurons, images, repeats, scores, faults [text],
// histograms [{key, edges [21], counts [20]}], picture (PNG in base64; where there is one)}.
Json RecordingFigure(const Field& inspection, const std::string& name, std::string_view png);

}  // namespace murine
