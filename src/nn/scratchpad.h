// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace murine {

// Memory of at least so many bytes, 64-byte aligned, that serves this thread's convolutions one after the
// other; it holds until the next call. It comes straight from the system: in the heap it would sit between
// features and keep their places from being used again. Throws Error where there is not enough.
void* Scratchpad(std::size_t bytes);

}  // namespace murine
