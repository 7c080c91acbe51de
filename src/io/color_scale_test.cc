// SPDX-License-Identifier: Apache-2.0
#include "io/color_scale.h"

#include <gtest/gtest.h>

namespace murine::color_scale_test {

// Relative luminance of linear light (WCAG's formula, without its gamma: the order is the same).
double Light(const Rgb& color) { return 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]; }

TEST(ColorScale, HeatGrowsLighterThroughout) {
  EXPECT_EQ(HeatColor(0), (Rgb{68, 1, 84}));
  EXPECT_EQ(HeatColor(1), (Rgb{253, 231, 37}));
  EXPECT_EQ(HeatColor(0.125), (Rgb{64, 42, 112}));  // half way between the first two points
  for (int i = 1; i <= 100; ++i) EXPECT_GT(Light(HeatColor(0.01 * i)), Light(HeatColor(0.01 * (i - 1)))) << i;
  EXPECT_EQ(HeatColor(-3), HeatColor(0));
  EXPECT_EQ(HeatColor(3), HeatColor(1));
}

TEST(ColorScale, DivergingIsWhiteInTheMiddleAndDarkerToBothEnds) {
  EXPECT_EQ(DivergingColor(0), (Rgb{247, 247, 247}));
  EXPECT_EQ(DivergingColor(-1), (Rgb{33, 102, 172}));
  EXPECT_EQ(DivergingColor(2), (Rgb{178, 24, 43}));
  for (int i = 1; i <= 100; ++i)
    for (const double sign : {-1.0, 1.0})
      EXPECT_LT(Light(DivergingColor(sign * 0.01 * i)), Light(DivergingColor(sign * 0.01 * (i - 1)))) << i;
}

}  // namespace murine::color_scale_test
