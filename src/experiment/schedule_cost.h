// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace murine {

// How long stages take when `jobs` of them run side by side, each as soon as what it needs is done, and the
// most memory they take together.
struct StageCost {
  double seconds = 0;
  int64_t memory_bytes = 0;
  std::vector<size_t> needs = {};  // indices below its own
};
struct ScheduleCost {
  double seconds = 0;
  int64_t memory_bytes = 0;
};
ScheduleCost CostSideBySide(const std::vector<StageCost>& stages, int jobs);

}  // namespace murine
