// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/memory_need.h"

namespace murine {

// "1GiB", "512MiB", "2000000" -> bytes; Error kUsage otherwise.
int64_t ParseBytes(const std::string& text);

// The memory that large arrays may take.
class MemoryBudget {
 public:
  // `text` as ParseBytes reads it; empty: three quarters of the machine's memory.
  explicit MemoryBudget(const std::string& text);

  // What there is already, or is small. An Error where it does not fit, which says what would.
  void Reserve(int64_t bytes, const std::string& what);
  // True, noted as taken and said, where `bytes` more fit: call it before they are allocated.
  bool Take(int64_t bytes, const std::string& what);
  [[noreturn]] void Refuse(int64_t bytes, const std::string& what) const;

 private:
  int64_t most_, taken_ = 0;
};

}  // namespace murine
