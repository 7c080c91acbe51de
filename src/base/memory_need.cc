// SPDX-License-Identifier: Apache-2.0
#include "base/memory_need.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "base/error.h"

namespace murine {
namespace {

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

// A file of one number; "max" and what cannot be read are no limit.
int64_t NumberIn(const char* path) {
  int64_t number = 0;
  return std::ifstream(path) >> number ? number : kUnlimited;
}

int64_t LeftBySystem() {
  std::ifstream lines("/proc/meminfo");
  for (std::string name, unit; lines >> name;) {
    int64_t kibibytes = 0;
    if (name == "MemAvailable:" && lines >> kibibytes) return kibibytes * 1024;
    std::getline(lines, unit);
  }
  return kUnlimited;
}

int64_t LeftByControlGroup() {
  const int64_t most = NumberIn("/sys/fs/cgroup/memory.max"),
                taken = NumberIn("/sys/fs/cgroup/memory.current");
  return most == kUnlimited || taken == kUnlimited ? kUnlimited : std::max<int64_t>(0, most - taken);
}

}  // namespace

std::string FormatBytes(int64_t bytes) {
  if (bytes >= int64_t{10} << 30) return fmt::format("{:.0f} GiB", static_cast<double>(bytes) * 0x1p-30);
  if (bytes >= int64_t{1} << 30) return fmt::format("{:.2f} GiB", static_cast<double>(bytes) * 0x1p-30);
  return fmt::format("{:.3g} MiB", static_cast<double>(bytes) * 0x1p-20);
}

int64_t AvailableMemoryBytes() { return std::min(LeftBySystem(), LeftByControlGroup()); }

void RequireMemory(const std::string& job, std::span<const MemoryNeed> needs, const std::string& hint,
                   int64_t available) {
  int64_t total = 0;
  std::string parts;
  for (const MemoryNeed& need : needs) {
    total = need.bytes > kUnlimited - total ? kUnlimited : total + need.bytes;
    parts += fmt::format("{}{} for {}", parts.empty() ? "" : ", ", FormatBytes(need.bytes), need.what);
  }
  if (total <= available) return;
  throw Error({.what = "not enough memory for " + job,
               .expected = "at most " + FormatBytes(available) + ", which is what there is",
               .got = fmt::format("at least {}: {}", FormatBytes(total), parts),
               .hint = hint});
}

void RequireMemory(const std::string& what, int64_t bytes, const std::string& hint) {
  constexpr int64_t kSmall = int64_t{1} << 26;
  if (bytes <= kSmall) return;
  const MemoryNeed need{what, bytes};
  RequireMemory(what, std::span(&need, 1), hint);
}

}  // namespace murine
