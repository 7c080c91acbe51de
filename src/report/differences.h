// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/field.h"

namespace murine {

// The paired differences between conditions that `murine run` computed, checked: [{matched, condition,
// against, test, norm, level or epsilon, seeds, difference, interval [2], p}], at equal options and,
// `matched`, at equal clean accuracy. p: by permutation, corrected for the number of rows. Rows without a
// difference are left out.
Json Differences(const Field& results);

}  // namespace murine
