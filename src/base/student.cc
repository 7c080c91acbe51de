// SPDX-License-Identifier: Apache-2.0
#include "base/student.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace murine {
namespace {

constexpr double kHalf = std::numbers::pi / 2;

// With t = sqrt(freedom) tan(a) the density becomes cos(a)^(freedom - 1), which Simpson's rule takes easily:
// its integral from `a` to pi / 2.
double Tail(double a, int64_t freedom) {
  constexpr int kSteps = 2000;
  const auto power = static_cast<double>(freedom - 1);
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double weight = i == 0 || i == kSteps ? 1 : i % 2 == 1 ? 4 : 2;
    sum += weight * std::pow(std::max(0.0, std::cos(a + (kHalf - a) * i / kSteps)), power);
  }
  return sum * (kHalf - a) / kSteps / 3;
}

}  // namespace

double StudentPValue(double t, int64_t freedom) {
  return Tail(std::atan(std::abs(t) / std::sqrt(static_cast<double>(freedom))), freedom) / Tail(0, freedom);
}

double StudentQuantile(int64_t freedom, double p) {
  const double whole = Tail(0, freedom);
  double low = 0, high = kHalf;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (Tail(middle, freedom) > p * whole ? low : high) = middle;
  }
  return std::sqrt(static_cast<double>(freedom)) * std::tan(low);
}

}  // namespace murine
