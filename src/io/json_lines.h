// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "base/json.h"

namespace murine {

Json ReadJson(const std::filesystem::path& path);
void WriteJson(const std::filesystem::path& path, const Json& value);  // indented, atomic

// One JSON object a line, appended and flushed: a log that survives a kill. A last line cut short by one is
// dropped when read. Its last entry, "crc32", is a checksum of what comes before it; reading takes it away,
// and a line that does not fit it is an error.
std::vector<Json> ReadJsonLines(const std::filesystem::path& path);
void AppendJsonLine(const std::filesystem::path& path, const Json& line);
// Drops the lines whose "epoch" is `epoch` or later: a job that was killed right after writing them goes on
// from a saved state that does not know of them. Makes the file where there is none.
void DropEpochsFrom(const std::filesystem::path& path, int64_t epoch);

}  // namespace murine
