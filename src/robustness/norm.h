// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/options.h"

namespace murine {

enum class Norm { kLinf, kL2 };
inline std::span<const EnumName<Norm>> EnumNames(Norm) {
  static constexpr EnumName<Norm> kNames[] = {{Norm::kLinf, "linf"}, {Norm::kL2, "l2"}};
  return kNames;
}

}  // namespace murine
