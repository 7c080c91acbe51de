// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace murine {

using Json = nlohmann::ordered_json;  // keys stay in the order in which they were written

// Throws Error with line and column; `where` names the text in the message.
Json ParseJson(std::string_view text, const std::string& where);
Json ParseToml(std::string_view text, const std::string& where);

// TOML text of a JSON object. Nulls are left out, for TOML has none.
std::string FormatToml(const Json& object);

}  // namespace murine
