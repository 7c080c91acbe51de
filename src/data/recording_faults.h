// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "data/recording.h"
#include "data/reliability.h"

namespace murine {

// What is wrong with a recording, or missing, one sentence each: neurons that never fire, constant images,
// duplicates of images, neurons and trials, withheld tiers, no behaviour; and what its reader remarked.
std::vector<std::string> FindFaults(const Recording& recording);

// Where nothing or little is repeated, what that means for w and the scores over repeats; "" elsewhere.
std::string FewRepeats(const Reliability& reliability);

}  // namespace murine
