// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/options.h"

namespace murine {

enum class Schedule {
  kSteps,   // x 0.3 every 4 epochs, in cycles of 5 phases (Li et al. 2019)
  kLinear,  // up from 0 over the first tenth of the steps, then linearly to 0
};
std::span<const EnumName<Schedule>> EnumNames(Schedule);

// The learning rate of a step, 0 <= step < epochs * steps_per_epoch.
double LearningRate(Schedule schedule, double start, int64_t step, int64_t steps_per_epoch, int64_t epochs);

}  // namespace murine
