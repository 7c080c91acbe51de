// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace murine {

// Keeps freed memory with the process. By default glibc gives every large block back to the system at once
// and asks for it again at the next training step: page faults then cost as much as the arithmetic.
void SetUpAllocator();

// A library that meets a failed allocation where it may not throw (the JSON library in a destructor,
// libstdc++ in its iterator of folders) ends the process: it then says so as main does, with status 1, and
// leaves what a killed process would.
void SetUpTerminate();

int64_t PeakMemoryBytes();  // of this process, so far

}  // namespace murine
