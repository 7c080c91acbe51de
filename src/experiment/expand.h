// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace murine {

// "train.width=16" of --set: the value is TOML, or a text where it is none. Errors: kUsage.
void SetEntry(Json& tables, const std::string& entry);

// One condition with every option of `train` that the file states for it, none of them a list any more.
struct ExpandedCondition {
  std::string name, family;  // "gabor alpha 40", "gabor"
  Json options;
};

// Every [conditions.NAME] with what it takes over from [train]; a list stands for one condition a value,
// several lists for all their combinations. What only a target gives a meaning (alpha, clamp, pairs,
// pair-images, stimuli) is not taken over by a condition without one. Errors: an empty list, a value twice,
// such an option where there is no target, two conditions of one name.
std::vector<ExpandedCondition> ExpandConditions(const Json& train, const Json& conditions,
                                                const std::string& where);

}  // namespace murine
