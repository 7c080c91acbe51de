// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "report/field.h"

namespace murine {

// NAME-KEY`ending` in a folder of `murine run`, of the row of a table in its results: the one with the row's
// key, whatever its name. A row without a key has only its name: nothing where several have it, for which is
// the one, nobody knows.
std::optional<std::filesystem::path> ExperimentFile(const std::filesystem::path& folder, const Field& row,
                                                    const std::string& ending);

}  // namespace murine
