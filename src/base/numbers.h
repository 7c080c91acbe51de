// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace murine {

// The numbers of "4,8,16"; none where the text is anything else.
std::vector<double> NumbersOf(std::string_view text);

// Linear between order statistics; infinite where one of the two is. `sorted` is not empty, share in [0, 1].
double Quantile(std::span<const double> sorted, double share);

}  // namespace murine
