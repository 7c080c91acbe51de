// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/field.h"

namespace murine {

// What `murine run` says of the differences between its conditions, checked; names begin with `prefix`:
//   comparisons {method, seeds, count, rows [{condition, against, figure, difference, interval [2], p_value,
//   p_holm}]}, fronts [{figure, family, points [{condition, clean_accuracy, accuracy, standard_error}]}],
//   matched [{family, against, figure, clean_accuracy, accuracy, accuracy_against, difference, interval
//   [2]}], selection [{family, condition, alpha, validation_accuracy, validation_accuracy_noise,
//   kept_share}].
// Rows without a difference and points without an accuracy are left out, and so is what is empty then. Null
// where nothing is left. Error: a value of the wrong type or out of range.
Json StatisticsFigures(const Field& results, const std::string& prefix);

}  // namespace murine
