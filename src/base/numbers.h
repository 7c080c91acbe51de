// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace murine {

// The numbers of "4,8,16"; none where the text is anything else.
std::vector<double> NumbersOf(std::string_view text);

}  // namespace murine
