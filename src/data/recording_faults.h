// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "data/recording.h"

namespace murine {

// What is wrong with a recording, or missing, one sentence each: neurons that never fire, constant images,
// duplicates of images, neurons and trials, withheld tiers, no behaviour; and what its reader remarked.
std::vector<std::string> FindFaults(const Recording& recording);

}  // namespace murine
