// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace murine {

// The content of a gzip file, or of a plain file as it is. Errors: truncated or damaged stream, more than
// `most_bytes` once unpacked.
std::string ReadMaybeGzip(const std::filesystem::path& path, int64_t most_bytes);

}  // namespace murine
