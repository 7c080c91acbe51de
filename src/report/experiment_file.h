// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace murine {

// NAME-KEY`ending` in a folder of `murine run`. Nothing where there is none, and where there are several:
// earlier versions of the experiment were made there too, and which is the one, nobody knows.
std::optional<std::filesystem::path> ExperimentFile(const std::filesystem::path& folder,
                                                    const std::string& name, const std::string& ending);

}  // namespace murine
