// SPDX-License-Identifier: Apache-2.0
#include "base/student.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

namespace murine::student_test {

// scipy.stats.t.ppf(0.975, freedom); those of 1 and 2 degrees have closed forms.
TEST(Student, QuantilesAreScipys) {
  const struct {
    int64_t freedom;
    double t;
  } cases[] = {{1, 12.706204736432095},   {2, 4.302652729696142},    {3, 3.182446305284263},
               {4, 2.7764451051977987},   {9, 2.2621571628540993},   {30, 2.0422724563012373},
               {100, 1.9839715184496334}, {1000, 1.9623390808264078}};
  for (const auto& [freedom, t] : cases) EXPECT_NEAR(StudentQuantile(freedom), t, 1e-8 * t) << freedom;
}

// 1: 1 - 2 atan(t) / pi; 2: 1 - t / sqrt(2 + t^2); 3: 1 - 2 / pi (atan(x) + x / (1 + x^2)), x = t / sqrt(3).
TEST(Student, PValuesHaveClosedForms) {
  constexpr double kPi = std::numbers::pi;
  for (const double t : {0.0, 0.1, -1.0, 2.5, 12.0, 100.0}) {
    const double a = std::abs(t), x = a / std::sqrt(3.0);
    EXPECT_NEAR(StudentPValue(t, 1), 1 - 2 * std::atan(a) / kPi, 1e-10) << t;
    EXPECT_NEAR(StudentPValue(t, 2), 1 - a / std::sqrt(2 + a * a), 1e-10) << t;
    EXPECT_NEAR(StudentPValue(t, 3), 1 - 2 / kPi * (std::atan(x) + x / (1 + x * x)), 1e-10) << t;
  }
  // far out, where 1 - ... has no digits left: about 2 / (pi t) and 1 / t^2
  EXPECT_NEAR(StudentPValue(1e8, 1) * 1e8, 2 / kPi, 1e-8);
  EXPECT_NEAR(StudentPValue(1e4, 2) * 1e8, 1, 1e-6);
}

TEST(Student, QuantileAndPValueAreInverse) {
  for (const int64_t freedom : {1, 2, 4, 7, 50})
    for (const double p : {0.9, 0.3, 0.05, 0.001})
      EXPECT_NEAR(StudentPValue(StudentQuantile(freedom, p), freedom), p, 1e-9) << freedom << " " << p;
}

}  // namespace murine::student_test
