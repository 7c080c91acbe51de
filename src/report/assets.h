// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace murine {

// The text of a file that was compiled into the program: page.html, page.css, chart.js, parts.js, tests.js,
// targets.js, page.js, d3_license.txt, and d3.min.js of Debian's libjs-d3. Empty for any other name.
std::string_view Asset(std::string_view name);

}  // namespace murine
