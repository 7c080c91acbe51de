// SPDX-License-Identifier: Apache-2.0
#include "io/folder_entries.h"

#include <dirent.h>

#include <memory>
#include <string_view>

namespace murine {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

}  // namespace

std::vector<std::filesystem::path> FolderEntries(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> entries;
  const std::unique_ptr<DIR, CloseFolder> open(opendir(folder.c_str()));
  while (const dirent* entry = open ? readdir(open.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") entries.push_back(folder / name);
  }
  return entries;
}

}  // namespace murine
