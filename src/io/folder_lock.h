// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace murine {

// Holds a folder for one process at a time, by flock on the folder itself: nothing is left behind, and a
// killed process holds nothing. Makes the folder. Errors: another process holds it (its pid is named).
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace murine
