// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
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
  void Commit();  // after writing SHA256SUMS, as `sha256sum --check` reads it

 private:
  std::filesystem::path path_, unfinished_;
  std::map<std::string, std::string> hashes_;  // by name
  bool committed_ = false;
};

inline constexpr const char* kSumsFile = "SHA256SUMS";
// {name: hash} of such a text. Error: malformed.
std::map<std::string, std::string> ParseSums(std::string_view text, const std::string& where);

}  // namespace murine
