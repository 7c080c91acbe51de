// SPDX-License-Identifier: Apache-2.0
#include "similarity/memory_budget.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <charconv>
#include <utility>

#include "base/error.h"

namespace murine {

int64_t ParseBytes(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, fault] = std::from_chars(text.data(), end, number);
  double factor = 0;
  for (const auto& [name, value] : {std::pair{"", 1.0},
                                    {"KiB", 0x1p10},
                                    {"MiB", 0x1p20},
                                    {"GiB", 0x1p30},
                                    {"TiB", 0x1p40},
                                    {"KB", 1e3},
                                    {"MB", 1e6},
                                    {"GB", 1e9},
                                    {"TB", 1e12}})
    if (fault == std::errc() && std::string_view(unit, end) == name) factor = value;
  if (!(number * factor >= 1 && number * factor < 1e18))
    throw Error({.what = "malformed size of memory",
                 .expected = "such as 1GiB, 500MiB or a number of bytes",
                 .got = text,
                 .kind = ErrorKind::kUsage});
  return static_cast<int64_t>(number * factor);
}

MemoryBudget::MemoryBudget(const std::string& text)
    : most_(text.empty() ? sysconf(_SC_PHYS_PAGES) / 4 * 3 * sysconf(_SC_PAGESIZE) : ParseBytes(text)) {}

void MemoryBudget::Reserve(int64_t bytes, const std::string& what) {
  if (bytes > most_ - taken_) Refuse(bytes, what);
  taken_ += bytes;
}

bool MemoryBudget::Take(int64_t bytes, const std::string& what) {
  if (bytes > most_ - taken_) return false;
  taken_ += bytes;
  spdlog::info("memory: {} for {}; {} in all, of at most {}", FormatBytes(bytes), what, FormatBytes(taken_),
               FormatBytes(most_));
  return true;
}

void MemoryBudget::Refuse(int64_t bytes, const std::string& what) const {
  throw Error({.what = "--max-memory is too small for " + what,
               .expected = "at least " + FormatBytes(taken_ + bytes),
               .got = FormatBytes(most_),
               .hint = "fewer images, smaller ones (--resize), or more memory"});
}

}  // namespace murine
