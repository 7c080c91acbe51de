// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace murine {

using Rgb = std::array<uint8_t, 3>;  // red, green, blue

inline constexpr Rgb kNoColor{128, 128, 128};  // where there is no value

// A colour for a share in [0, 1], from dark blue to yellow (five points of viridis): light grows evenly, so
// that it is read without colour, too.
Rgb HeatColor(double share);

// A colour for a value in [-1, 1]: blue below 0, white at 0, red above (ends of ColorBrewer's RdBu), which
// the colour-blind tell apart.
Rgb DivergingColor(double value);

}  // namespace murine
