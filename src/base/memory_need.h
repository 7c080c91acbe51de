// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace murine {

std::string FormatBytes(int64_t bytes);  // "1.50 GiB"

// What this process may still take: MemAvailable of /proc/meminfo, or what its control group leaves where
// that is less. Where neither is known: no limit.
int64_t AvailableMemoryBytes();

struct MemoryNeed {
  std::string what;  // "the activations of 64 images"
  int64_t bytes;     // at least
};

// Error: `job` needs more than there is: how much, for what, and `hint`, what to change. Needs are estimated
// from below, so that nothing is refused that would have fitted.
void RequireMemory(const std::string& job, std::span<const MemoryNeed> needs, const std::string& hint,
                   int64_t available = AvailableMemoryBytes());
// The same for one array about to be made; small ones pass without a look.
void RequireMemory(const std::string& what, int64_t bytes, const std::string& hint);

}  // namespace murine
