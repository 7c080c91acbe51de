// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace murine {

// The name under which this process writes until `path` is whole: beside it, with the machine's name and the
// process's number. What processes of this machine that are no more left unfinished in the same folder is
// removed.
std::filesystem::path UnfinishedName(const std::filesystem::path& path);

}  // namespace murine
