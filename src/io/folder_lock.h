// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace murine {

// One part of the work in a folder, where several processes share it: K of N.
struct Shard {
  int number = 1, count = 1;  // 1 <= number <= count

  static Shard Parse(const std::string& text);  // "2/4". Error kUsage
  std::string Name() const;                     // "2-of-4"
};

// Holds a folder for one process at a time, or one shard of it, by flock on files called .lock in it: a
// killed process holds nothing, and on file systems that pass locks on (NFS 4) other machines are kept out,
// too. Makes the folder, and removes it again where nothing was put into it. Errors: another process holds
// it, the same shard, or a shard of another number (its pid and host are named).
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);  // for itself alone
  // `work`: what all shards do together; one that does something else is refused.
  FolderLock(const std::filesystem::path& folder, const Shard& shard, const std::string& work = "");
  ~FolderLock();  // removes the files, unless others hold a shard
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // Did a process that held it alone end without a word, or is it held now?
  static bool IsLeftIn(const std::filesystem::path& folder);

 private:
  bool made_;  // the folder was
  std::filesystem::path whole_path_, shard_path_;
  int whole_ = -1, shard_ = -1;
};

}  // namespace murine
