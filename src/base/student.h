// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace murine {

// Student's t with `freedom` >= 1 degrees of freedom (Student 1908, doi 10.2307/2331554).
// The t that is exceeded, in either direction, with probability `p` in (0, 1): 0.05 gives the bounds of a 95
// % interval.
double StudentQuantile(int64_t freedom, double p = 0.05);
// The probability of a t at least that far from 0.
double StudentPValue(double t, int64_t freedom);

}  // namespace murine
