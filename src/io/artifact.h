// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/json.h"

namespace murine {

// The first keys that differ between two configurations, as text; empty: none does.
struct ConfigDifference {
  std::string stored, wanted;
};
ConfigDifference Difference(const Json& stored, const Json& wanted);

// Every artifact holds the configuration that made it: options and the hashes of its inputs, never a path, a
// date or a time. A command whose output is already there compares: the same configuration means finished,
// another is refused. Throws Error that names the first keys that differ.
void RefuseOtherConfig(const Json& stored, const Json& wanted, const std::filesystem::path& where);

// What a command writes, as its first bytes tell.
enum class ArtifactKind { kFolder, kJson, kSafeTensors };
// Before a command's work: throws Error where nothing can be written, or where something that cannot be of
// that kind, another command's file, is there already.
void CheckOutput(const std::filesystem::path& out, ArtifactKind kind);

// An array that is described by a JSON object beside it: S.npy and S.json. The description holds "config"
// and, once written, "sha256" of the values.
std::filesystem::path DescriptionPath(const std::filesystem::path& npy);
// The description of a finished array made by `config`; nothing where none is. Errors: a folder that
// cannot be written, made by another configuration, an array without description, which is somebody else's,
// or one that does not fit its hash.
std::optional<Json> FinishedArray(const std::filesystem::path& npy, const Json& config);
// The description first: an array without one never is murine's.
void WriteDescribedArray(const std::filesystem::path& npy, const std::vector<int64_t>& shape,
                         std::span<const float> values, Json& description);

}  // namespace murine
