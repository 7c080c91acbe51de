// SPDX-License-Identifier: Apache-2.0
// What fuzzers share: their bytes as files, and the one exception that readers may throw.
#pragma once

#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/error.h"

namespace murine {

inline std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A file in memory that has a path while the object lives.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || write(descriptor_, bytes.data(), bytes.size()) != std::ssize(bytes)) abort();
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// A folder in memory for readers of several files, of this process.
inline const std::filesystem::path& MemoryFolder() {
  static const std::filesystem::path folder = [] {
    std::string name = "/dev/shm/murine-fuzz-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) abort();
    atexit([] {
      std::error_code ignored;
      std::filesystem::remove_all(MemoryFolder(), ignored);
    });
    return std::filesystem::path(name);
  }();
  return folder;
}

inline void Put(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
}

// Bad input is an Error; anything else is a finding.
template <class Action>
void Try(const Action& action) {
  static const bool silent = [] {
    spdlog::set_level(spdlog::level::off);
    return true;
  }();
  static_cast<void>(silent);
  try {
    action();
  } catch (const Error&) {
  }
}

}  // namespace murine
