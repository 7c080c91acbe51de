// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/options.h"

namespace murine {

// Pairs that take part, by their similarity S (Attias et al. 2024, arXiv 2410.03952).
enum class PairRange {
  kAll,
  kHigh,      // |S| > Th
  kLow,       // |S| < Th
  kPositive,  // S > Th or |S| < Th
  kNegative,  // S < -Th or |S| < Th
  kDouble,    // |S| > Th or |S| < Th2, Th2 < Th
};
std::span<const EnumName<PairRange>> EnumNames(PairRange);

struct ThresholdRule {
  double threshold = 0.8, low_threshold = 0.2;
  PairRange range = PairRange::kAll;

  bool Keeps(float similarity) const;
  // +1 above Th, -1 below -Th, else 0; NaN where the pair is left out.
  float operator()(float similarity) const;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("threshold", self.threshold, "Th");
    visit("low-threshold", self.low_threshold, "Th2, of range double");
    visit("range", self.range, "pairs that take part");
  }
};

}  // namespace murine
