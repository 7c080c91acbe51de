// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace murine {

// The name under which this process writes until `path` is whole: beside it, with the machine's name and the
// process's number. What a process of this machine that is no more left unfinished for the same `path` is
// removed.
std::filesystem::path UnfinishedName(const std::filesystem::path& path);

}  // namespace murine
