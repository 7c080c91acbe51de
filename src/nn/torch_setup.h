// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace murine {

// Debian's libtorch starts with one thread. threads = 0: all cores. Call once, at start; also sets up the
// allocator. Returns the number of threads in use. Results are the same bits for the same number of threads.
// Error: so many threads cannot be started.
int SetUpTorch(int threads);

}  // namespace murine
