// SPDX-License-Identifier: Apache-2.0
#include "report/experiment_file.h"

namespace murine {

std::optional<std::filesystem::path> ExperimentFile(const std::filesystem::path& folder, const Field& row,
                                                    const std::string& ending) {
  std::optional<std::filesystem::path> found;
  if (!std::filesystem::is_directory(folder)) return found;
  const bool has_key = row.Has("key");
  const std::string wanted = row[has_key ? "key" : "name"].RequiredText();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(ending)) continue;
    const std::string stem = file.substr(0, file.size() - ending.size());
    const size_t dash = stem.rfind('-');
    if (dash == stem.npos || (has_key ? stem.substr(dash + 1) : stem.substr(0, dash)) != wanted) continue;
    if (has_key && stem == row["name"].RequiredText() + "-" + wanted) return entry.path();
    if (found) return std::nullopt;
    found = entry.path();
  }
  return found;
}

}  // namespace murine
