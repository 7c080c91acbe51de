// SPDX-License-Identifier: Apache-2.0
#include "data/repeat_halves.h"

#include <algorithm>

#include "base/random.h"

namespace murine {

RepeatHalves DrawHalves(const Repeats& repeats, int halvings, uint64_t seed) {
  RepeatHalves plan;
  size_t most = 0;
  plan.first.push_back(0);
  plan.half_first.push_back(0);
  for (const std::vector<int64_t>& trials : repeats.trials) {
    plan.trials.insert(plan.trials.end(), trials.begin(), trials.end());
    plan.first.push_back(plan.trials.size());
    plan.half_first.push_back(plan.half_first.back() + trials.size() / 2);
    most = std::max(most, trials.size());
  }
  for (int h = 0; h < halvings; ++h) {
    const std::vector<int64_t> order =
        RandomPermutation(static_cast<int64_t>(most), RandomStream(seed, "reliability/halves", 0, h));
    std::vector<size_t>& half = plan.half.emplace_back();
    for (size_t i = 0; i < plan.images(); ++i)
      for (const int64_t repeat : order) {
        if (half.size() == plan.half_first[i + 1]) break;
        if (static_cast<size_t>(repeat) < plan.count(i)) half.push_back(plan.first[i] + repeat);
      }
  }
  return plan;
}

}  // namespace murine
