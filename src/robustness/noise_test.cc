// SPDX-License-Identifier: Apache-2.0
#include "robustness/noise.h"

#include <gtest/gtest.h>

#include <cmath>

namespace murine::noise_test {

constexpr Noise kAll[] = {Noise::kGaussian, Noise::kUniform, Noise::kSaltAndPepper, Noise::kSpeckle,
                          Noise::kPoisson};

std::vector<float> Gray(float level) { return std::vector<float>(100000, level); }

struct Moments {
  double mean, variance;
};

Moments Of(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const float value : values) {
    sum += value;
    squares += double{value} * value;
  }
  const double n = static_cast<double>(values.size()), mean = sum / n;
  return {mean, squares / n - mean * mean};
}

Moments After(Noise kind, double level) {
  std::vector<float> image = Gray(0.5);
  AddNoise(kind, level, image, 1, 0);
  return Of(image);
}

// Levels small enough for the clamp to touch next to nothing; 1e5 values give the variance to 2 %.
TEST(Noise, HasItsMeanAndVariance) {
  const double level = 0.1;
  const auto check = [&](Noise kind, double variance) {
    const Moments moments = After(kind, level);
    EXPECT_NEAR(moments.mean, 0.5, 0.003) << NameOf(kind);
    EXPECT_NEAR(moments.variance / variance, 1, 0.02) << NameOf(kind);
  };
  check(Noise::kGaussian, level * level);
  check(Noise::kUniform, level * level / 3);
  check(Noise::kSaltAndPepper, level * 0.25);
  check(Noise::kSpeckle, level * level * 0.25);
  check(Noise::kPoisson, level * level * 0.5);
}

TEST(Noise, StaysInRangeAndNothingIsNothing) {
  for (const Noise kind : kAll) {
    std::vector<float> image = Gray(0.9f);
    AddNoise(kind, 0, image, 1, 0);
    EXPECT_EQ(image, Gray(0.9f));
    AddNoise(kind, 1, image, 1, 0);
    for (const float value : image) ASSERT_TRUE(value >= 0 && value <= 1);
  }
}

TEST(Noise, EachImageHasItsOwn) {
  for (const Noise kind : kAll) {
    const auto noisy = [&](uint64_t seed, int64_t index) {
      std::vector<float> image(500, 0.5);
      AddNoise(kind, 0.3, image, seed, index);
      return image;
    };
    EXPECT_EQ(noisy(1, 2), noisy(1, 2));
    EXPECT_NE(noisy(1, 2), noisy(1, 3));
    EXPECT_NE(noisy(1, 2), noisy(2, 2));
  }
}

}  // namespace murine::noise_test
