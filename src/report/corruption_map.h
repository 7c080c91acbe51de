// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"

namespace murine {

// Heat maps of the accuracy on corrupted images, of conditions that hold `corruptions` [{set, name, severity,
// accuracy}]: one for each set, rows in the order in which corruptions appear, columns by condition, then
// severity:
//   [{set, names [row], columns [{condition (index), severity}],
//     png (data address: a pixel a cell, in HeatColor of the accuracy; grey where there is none)}].
Json CorruptionMaps(const Json& conditions);

// The colours of 0 to 1 as a data address, one pixel high.
std::string HeatScale();

}  // namespace murine
