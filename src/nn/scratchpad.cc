// SPDX-License-Identifier: Apache-2.0
#include "nn/scratchpad.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include "base/error.h"

namespace murine {
namespace {

class Mapped {
 public:
  ~Mapped() { Release(); }
  void* AtLeast(std::size_t bytes) {
    if (bytes > bytes_) {
      Release();
      void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (mapped == MAP_FAILED)
        throw Error(
            {.what = "not enough memory for a convolution", .expected = fmt::format("{} bytes", bytes)});
      begin_ = mapped;
      bytes_ = bytes;
    }
    return begin_;
  }

 private:
  void Release() {
    if (begin_) munmap(begin_, bytes_);
    begin_ = nullptr;
    bytes_ = 0;
  }
  void* begin_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace

void* Scratchpad(std::size_t bytes) {
  thread_local Mapped memory;
  return memory.AtLeast(bytes);
}

}  // namespace murine
