// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"

namespace murine {

// Every artifact holds the configuration that made it: options and the hashes of its inputs, never a path, a
// date or a time. A command whose output is already there compares: the same configuration means finished,
// another is refused. Throws Error that names the first keys that differ.
void RefuseOtherConfig(const Json& stored, const Json& wanted, const std::filesystem::path& where);

}  // namespace murine
