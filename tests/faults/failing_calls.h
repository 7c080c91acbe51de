// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace murine {

enum class FaultKind {
  kAllocation,  // malloc and its kin, and so operator new
  kCall,        // calls that change files: open to write, write, fsync, rename, mkdir, ...; close too
};
enum class FaultSpan { kOnce, kFromThereOn };

// While the object lives, the `at`-th such call (from 1) of this program fails, or also every later one.
// Calls count in every thread and in every library that the program is linked with. What tidies up (unlink,
// free) never fails. One at a time.
class Fault {
 public:
  Fault(FaultKind kind, int64_t at, FaultSpan span = FaultSpan::kOnce);
  ~Fault();
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;

  bool hit() const;  // whether there were so many calls
};

}  // namespace murine
