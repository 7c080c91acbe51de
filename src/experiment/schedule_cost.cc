// SPDX-License-Identifier: Apache-2.0
#include "experiment/schedule_cost.h"

#include <algorithm>
#include <limits>

namespace murine {

ScheduleCost CostSideBySide(const std::vector<StageCost>& stages, int jobs) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  std::vector<double> end(stages.size(), kNever);
  std::vector<size_t> running;
  ScheduleCost cost;
  while (true) {
    for (size_t i = 0; i < stages.size() && running.size() < static_cast<size_t>(jobs); ++i) {
      const bool ready =
          end[i] == kNever && std::all_of(stages[i].needs.begin(), stages[i].needs.end(),
                                          [&](size_t need) { return end[need] <= cost.seconds; });
      if (!ready) continue;
      end[i] = cost.seconds + stages[i].seconds;
      running.push_back(i);
    }
    if (running.empty()) return cost;
    int64_t memory = 0;
    for (const size_t i : running) memory += stages[i].memory_bytes;
    cost.memory_bytes = std::max(cost.memory_bytes, memory);
    const auto first =
        std::min_element(running.begin(), running.end(), [&](size_t a, size_t b) { return end[a] < end[b]; });
    cost.seconds = end[*first];
    running.erase(first);
  }
}

}  // namespace murine
