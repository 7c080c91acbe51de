// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace murine {

// The text of a file that was compiled into the program: page.html, page.css, its scripts,
// d3_license.txt, and d3.min.js of Debian's libjs-d3. Empty for any other name.
std::string_view Asset(std::string_view name);

}  // namespace murine
