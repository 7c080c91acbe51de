// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/field.h"

namespace murine {

// One condition of `run`, or the one that `evaluate` tested, as FiguresOf describes it; what is missing is
// left out. `training` holds stage_weights and best_epoch.
Json ConditionFigure(const Field& results, const Field& training, const std::string& name);

}  // namespace murine
