// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

namespace murine {

// What is in a folder, in no order; nothing where it cannot be read. In place of std::filesystem's iterator,
// which ends the process where memory is short (libstdc++ 12).
std::vector<std::filesystem::path> FolderEntries(const std::filesystem::path& folder);

}  // namespace murine
