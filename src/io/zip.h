// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "io/file.h"

namespace murine {

// A zip archive (PKWARE APPNOTE 6.3; stored and deflated members, zip64), read in place: nothing is ever
// written, so a member's name can lead nowhere. Errors: truncated or damaged, encrypted, other compressions,
// members that overlap (as in archives that unpack to millions of times their size).
class ZipFile {
 public:
  explicit ZipFile(const std::filesystem::path& path);
  static bool Is(const std::filesystem::path& path);  // by its first bytes

  struct Member {
    int64_t offset = 0;  // of its local header
    int64_t packed = 0, size = 0;
    uint32_t crc = 0;
    uint16_t method = 0;
    bool encrypted = false;
  };
  const std::map<std::string, Member>& members() const { return members_; }  // folders are left out

  // The content of a member. Errors: no such member, larger than `most_bytes`, a wrong checksum.
  std::string Read(const std::string& name, int64_t most_bytes) const;

 private:
  std::string where_;
  MappedFile file_;
  std::map<std::string, Member> members_;
};

}  // namespace murine
