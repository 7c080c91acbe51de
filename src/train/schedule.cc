// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace murine {

std::span<const EnumName<Schedule>> EnumNames(Schedule) {
  static constexpr std::array<EnumName<Schedule>, 2> kNames{
      {{Schedule::kSteps, "steps"}, {Schedule::kLinear, "linear"}}};
  return kNames;
}

double LearningRate(Schedule schedule, double start, int64_t step, int64_t steps_per_epoch, int64_t epochs) {
  if (schedule == Schedule::kSteps) {
    constexpr int64_t kEpochsPerPhase = 4, kPhases = 5;
    const int64_t phase = step / steps_per_epoch / kEpochsPerPhase % kPhases;
    return start * std::pow(0.3, static_cast<double>(phase));
  }
  const auto total = static_cast<double>(steps_per_epoch * epochs);
  const double warm_up = std::max(1.0, std::floor(0.1 * total));
  const auto done = static_cast<double>(step) + 1;
  return start * std::min(done / warm_up, (total - done + 1) / (total - warm_up + 1));
}

}  // namespace murine
