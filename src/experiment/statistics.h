// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/options.h"

namespace murine {

// How the paired differences of two conditions are tested.
constexpr size_t kMostSigns = 20;  // seeds; with more the t test stands for all changes of sign
enum class PairedTest {
  kT,            // Student's t of the differences
  kPermutation,  // all changes of sign of the differences
};
std::span<const EnumName<PairedTest>> EnumNames(PairedTest);

// A mean over seeds, with its standard error (sample standard deviation / sqrt(n)) and 95 % interval by
// Student's t with n - 1 degrees of freedom. Both need two values.
struct MeanOverSeeds {
  double mean = 0;
  std::optional<double> standard_error = {};
  std::optional<std::pair<double, double>> interval = {};
};
MeanOverSeeds MeanOf(std::span<const double> values);  // one or more, finite

// The two-sided p value of `differences`, one a seed, having mean 0; nothing for fewer than two. By
// permutation: the share of all 2^n choices of their signs (n <= 20; Fisher 1935, The Design of Experiments,
// section 21) whose mean is at least as far from 0; so it is never below 2 / 2^n. Differences that are all 0
// have p = 1; a t test knows none of differences that are all alike otherwise.
std::optional<double> PairedPValue(std::span<const double> differences, PairedTest test);

// p values corrected for their number (Holm 1979, Scandinavian Journal of Statistics 6, 65-70), in the same
// order.
std::vector<double> HolmCorrected(std::span<const double> p_values);

// A curve through `points` (x, y), straight between them, at `x`; points of the same x count as their mean.
// Nothing outside their range.
std::optional<double> Interpolate(std::vector<std::pair<double, double>> points, double x);

}  // namespace murine
