// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace murine {

// A picture's content as an address that a page can hold. Errors: missing, too large to be a picture of a
// figure.
std::string PngAddress(const std::filesystem::path& png);
std::string Base64(std::string_view bytes);

}  // namespace murine
