// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace murine {

// A folder of many files, written beside its final name and renamed on Commit: nobody sees half of it, and a
// failure leaves nothing. One sync for all files instead of one a file. Errors: something has the name
// already, every failed or short write.
class AtomicFolder {
 public:
  explicit AtomicFolder(const std::filesystem::path& path);
  ~AtomicFolder();  // without Commit: the unfinished folder goes
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  // `name` may lead through sub-folders, which are made.
  void Write(const std::string& name, std::string_view content);
  void Commit();

 private:
  std::filesystem::path path_, unfinished_;
};

}  // namespace murine
