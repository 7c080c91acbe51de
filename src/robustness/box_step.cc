// SPDX-License-Identifier: Apache-2.0
#include "robustness/box_step.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace murine {
namespace {

constexpr double kSteep =
    1e200;  // every value with a part in the plane stands at a bound; finite: 0 * kSteep is 0
constexpr int kIterations = 100;
constexpr double kFine =
    1e-4;  // of the distance in L-infinity: ten times finer than what a walk calls progress

}  // namespace

BoxStep::BoxStep(size_t size)
    : pull_(size), normal_(size), low_(size), high_(size), box_low_(size), box_high_(size) {}

void BoxStep::Load(std::span<const float> point, std::span<const float> normal) {
  for (size_t i = 0; i < normal_.size(); ++i) {
    normal_[i] = normal[i];
    pull_[i] = 0;
    low_[i] = box_low_[i] = -double{point[i]};
    high_[i] = box_high_[i] = 1 - double{point[i]};
  }
}

void BoxStep::Store(double share, double slope, std::span<float> delta) const {
  for (size_t i = 0; i < normal_.size(); ++i)
    delta[i] =
        static_cast<float>(std::min(std::max(share * pull_[i] + slope * normal_[i], low_[i]), high_[i]));
}

BoxStep::Sums BoxStep::Evaluate(double share, double slope) const {
  double reach = 0, growth = 0, square = 0;
  const size_t size = normal_.size();
  const double *pull = pull_.data(), *normal = normal_.data(), *low = low_.data(), *high = high_.data();
#pragma omp simd reduction(+ : reach, growth, square)
  for (size_t i = 0; i < size; ++i) {
    const double free = share * pull[i] + slope * normal[i];
    const double held = std::min(std::max(free, low[i]), high[i]);
    reach += normal[i] * held;
    square += held * held;
    growth += held == free ? normal[i] * normal[i] : 0;
  }
  return {reach, growth, square};
}

double BoxStep::Extreme(double sign) const {
  double extreme = 0;
  const size_t size = normal_.size();
  const double *normal = normal_.data(), *low = low_.data(), *high = high_.data();
#pragma omp simd reduction(+ : extreme)
  for (size_t i = 0; i < size; ++i) extreme += normal[i] * (sign * normal[i] > 0 ? high[i] : low[i]);
  return extreme;
}

// Newton's method on a piecewise linear, never falling function, inside a bracket that halves where Newton
// leaves it.
double BoxStep::SolveSlope(double share, double gap, double guess) const {
  const double most = Extreme(1), least = Extreme(-1);
  if (gap >= most) return kSteep;
  if (gap <= least) return -kSteep;
  const double tolerance = 1e-9 * std::abs(gap) + 1e-15 * (most - least);
  double below = -std::numeric_limits<double>::infinity(), above = -below, slope = guess;
  double stride = std::max(std::abs(guess), 1e-6);
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    const Sums at = Evaluate(share, slope);
    const double missing = gap - at.reach;
    if (std::abs(missing) <= tolerance) return slope;
    (missing > 0 ? below : above) = slope;
    double next = at.growth > 0 ? slope + missing / at.growth : std::numeric_limits<double>::quiet_NaN();
    if (!(next > below && next < above) || iteration > kIterations / 2) {
      if (std::isinf(below) || std::isinf(above)) {
        stride *= 4;
        next = slope + (missing > 0 ? stride : -stride);
      } else {
        next = (below + above) / 2;
      }
    }
    if (next == slope) return slope;
    slope = next;
  }
  return slope;
}

double BoxStep::LongestSlope(double gap, double radius) const {
  const double sign = gap < 0 ? -1 : 1, square = radius * radius;
  if (Evaluate(0, sign * kSteep).square <= square) return sign * kSteep;
  double shorter = 0, longer = 1e-6;
  while (Evaluate(0, sign * longer).square <= square) {
    shorter = longer;
    longer *= 4;
  }
  for (int iteration = 0; iteration < kIterations && longer - shorter > 1e-9 * longer; ++iteration) {
    const double middle = (shorter + longer) / 2;
    (Evaluate(0, sign * middle).square <= square ? shorter : longer) = middle;
  }
  return sign * shorter;
}

bool BoxStep::LeastL2(std::span<const float> point, std::span<const float> normal, double gap,
                      std::span<float> delta) {
  Load(point, normal);
  const double slope = gap == 0 ? 0 : SolveSlope(0, gap, gap / std::max(Evaluate(0, 0).growth, 1e-300));
  Store(0, slope, delta);
  return std::abs(slope) < kSteep;
}

bool BoxStep::LeastLinf(std::span<const float> point, std::span<const float> normal, double gap,
                        std::span<float> delta) {
  Load(point, normal);
  // |normal| . min(bound, room) is concave in the bound: Newton's method from 0 comes from below and ends
  // exactly.
  double bound = 0, missing = std::abs(gap);
  bool reached = true;
  for (int iteration = 0; iteration < kIterations && missing > 1e-12 * std::abs(gap); ++iteration) {
    double reach = 0, growth = 0;
    for (size_t i = 0; i < normal_.size(); ++i) {
      const double room = gap * normal_[i] > 0 ? high_[i] : -low_[i], weight = std::abs(normal_[i]);
      reach += weight * std::min(bound, room);
      growth += room > bound ? weight : 0;
    }
    missing = std::abs(gap) - reach;
    reached = growth > 0 || missing <= 1e-12 * std::abs(gap);
    if (growth <= 0) break;
    bound += std::max(missing, 0.) / growth;
  }
  for (size_t i = 0; i < normal_.size(); ++i) {
    const double sign = gap * normal_[i] > 0 ? 1 : gap * normal_[i] < 0 ? -1 : 0;
    delta[i] = static_cast<float>(sign * std::min(bound, sign > 0 ? high_[i] : -low_[i]));
  }
  return reached;
}

bool BoxStep::NearestL2(std::span<const float> clean, std::span<const float> point,
                        std::span<const float> normal, double gap, double radius, std::span<float> delta) {
  Load(point, normal);
  const double guess = gap / std::max(Evaluate(0, 0).growth, 1e-300);
  for (size_t i = 0; i < normal_.size(); ++i) pull_[i] = double{clean[i]} - point[i];
  double slope = SolveSlope(1, gap, guess);
  const double square = radius * radius;
  if (std::abs(slope) < kSteep && Evaluate(1, slope).square <= square) {
    Store(1, slope, delta);
    return true;
  }
  double short_slope = SolveSlope(0, gap, guess);
  if (std::abs(short_slope) >= kSteep || Evaluate(0, short_slope).square > square) {
    Store(0, LongestSlope(gap, radius), delta);
    return false;
  }
  // The multiplier of the trust region is 1 / share - 1: the step gets longer with the share.
  double shorter = 0, longer = 1;
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    const double share = (shorter + longer) / 2;
    slope = SolveSlope(share, gap, slope);
    const double length = Evaluate(share, slope).square;
    if (length > square) {
      longer = share;
      continue;
    }
    shorter = share;
    short_slope = slope;
    if (length > square * (1 - 1e-6) || longer - shorter < 1e-12) break;
  }
  Store(shorter, short_slope, delta);
  return true;
}

bool BoxStep::NearestLinf(std::span<const float> clean, std::span<const float> point,
                          std::span<const float> normal, double gap, double radius, std::span<float> delta) {
  Load(point, normal);
  const double square = radius * radius;
  double slope = SolveSlope(0, gap, gap / std::max(Evaluate(0, 0).growth, 1e-300));
  if (std::abs(slope) >= kSteep || Evaluate(0, slope).square > square) {
    Store(0, LongestSlope(gap, radius), delta);
    return false;
  }
  const size_t size = normal_.size();
  double bound = 0;  // on |clean - point - delta|
  for (size_t i = 0; i < size; ++i) {
    const double step = std::min(std::max(slope * normal_[i], low_[i]), high_[i]);
    bound = std::max(bound, std::abs(double{clean[i]} - point[i] - step));
  }
  const auto set_bounds = [&](double limit) {
    for (size_t i = 0; i < size; ++i) {
      const double pull = double{clean[i]} - point[i];
      low_[i] = std::max(box_low_[i], pull - limit);
      high_[i] = std::min(box_high_[i], pull + limit);
    }
  };
  double too_small = 0;
  while (bound - too_small > kFine * bound) {
    const double middle = (too_small + bound) / 2;
    set_bounds(middle);
    const double found = SolveSlope(0, gap, slope);
    if (std::abs(found) >= kSteep || Evaluate(0, found).square > square) {
      too_small = middle;
    } else {
      bound = middle;
      slope = found;
    }
  }
  set_bounds(bound);
  Store(0, slope, delta);
  return true;
}

}  // namespace murine
