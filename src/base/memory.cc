// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <limits>
#include <new>
#include <string_view>

namespace murine {
namespace {

[[noreturn]] void End() {
  try {
    if (const std::exception_ptr fault = std::current_exception()) std::rethrow_exception(fault);
  } catch (const std::bad_alloc&) {
    constexpr std::string_view kMessage = "error: out of memory\n";  // printed without taking any
    [[maybe_unused]] const ssize_t put = write(STDERR_FILENO, kMessage.data(), kMessage.size());
    _exit(1);
  } catch (...) {
  }
  std::abort();
}

}  // namespace

void SetUpAllocator() {
  mallopt(M_MMAP_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 << 20);
}

void SetUpTerminate() { std::set_terminate(End); }

int64_t PeakMemoryBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace murine
