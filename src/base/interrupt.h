// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace murine {

// After this call SIGINT and SIGTERM only set a flag; long jobs look at it between steps, save their state
// and throw. A second signal ends the process at once.
void CatchInterrupts();

bool InterruptRequested();

// For jobs: call when the state is safely on disk. `saved` says what was kept; empty: nothing.
[[noreturn]] void ThrowInterrupted(const std::string& saved = {});

}  // namespace murine
