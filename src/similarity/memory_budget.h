// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace murine {

// "1GiB", "512MiB", "2000000" -> bytes; Error kUsage otherwise.
int64_t ParseBytes(const std::string& text);
std::string FormatBytes(int64_t bytes);

// The memory that large arrays may take. Everything asked for is said before it is taken.
class MemoryBudget {
 public:
  // `text` as ParseBytes reads it; empty: three quarters of the machine's memory.
  explicit MemoryBudget(const std::string& text);

  // True, and noted as taken, where `bytes` more fit.
  bool Take(int64_t bytes, const std::string& what);
  // An Error where they do not fit, which says what would.
  void Require(int64_t bytes, const std::string& what);

 private:
  int64_t most_, taken_ = 0;
};

}  // namespace murine
