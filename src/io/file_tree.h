// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "io/zip.h"

namespace murine {

// A tree of files to read: a folder, or a zip archive of one. Names are relative, with '/':
// "meta/trials/tiers.npy".
class FileTree {
 public:
  explicit FileTree(const std::filesystem::path& path);
  // The part of the tree below `folder`.
  FileTree Below(const std::string& folder) const;

  bool Has(const std::string& name) const;                          // a file
  std::vector<std::string> Files(const std::string& folder) const;  // directly in it, sorted; "" is the root
  std::vector<std::string> Folders(const std::string& folder) const;
  std::string Read(const std::string& name, int64_t most_bytes) const;
  std::string Where(const std::string& name) const;  // for messages

 private:
  std::filesystem::path path_;  // of the folder or of the archive
  std::string prefix_;          // inside the archive, "" or ending in '/'
  std::shared_ptr<const ZipFile> zip_;
};

}  // namespace murine
