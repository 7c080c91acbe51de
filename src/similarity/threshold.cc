// SPDX-License-Identifier: Apache-2.0
#include "similarity/threshold.h"

#include <array>
#include <cmath>
#include <limits>

namespace murine {

std::span<const EnumName<PairRange>> EnumNames(PairRange) {
  static constexpr std::array<EnumName<PairRange>, 6> kNames{{{PairRange::kAll, "all"},
                                                              {PairRange::kHigh, "high"},
                                                              {PairRange::kLow, "low"},
                                                              {PairRange::kPositive, "positive"},
                                                              {PairRange::kNegative, "negative"},
                                                              {PairRange::kDouble, "double"}}};
  return kNames;
}

bool ThresholdRule::Keeps(float similarity) const {
  const auto limit = static_cast<float>(threshold);
  const float size = std::abs(similarity);
  switch (range) {
    case PairRange::kAll:
      return true;
    case PairRange::kHigh:
      return size > limit;
    case PairRange::kLow:
      return size < limit;
    case PairRange::kPositive:
      return similarity > limit || size < limit;
    case PairRange::kNegative:
      return similarity < -limit || size < limit;
    case PairRange::kDouble:
      break;
  }
  return size > limit || size < static_cast<float>(low_threshold);
}

float ThresholdRule::operator()(float similarity) const {
  if (!Keeps(similarity)) return std::numeric_limits<float>::quiet_NaN();
  const auto limit = static_cast<float>(threshold);
  return similarity > limit ? 1.f : similarity < -limit ? -1.f : 0.f;
}

}  // namespace murine
