// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

namespace murine {

// Small convex problems over one image in the box [0, 1], in plain loops: a step `delta` from `point` that
// stays in the box and ends on the plane normal . delta = gap. All spans have one length. Where the box (and
// the trust region) does not reach the plane, the answer is the step that comes nearest to it.
class BoxStep {
 public:
  explicit BoxStep(size_t size);

  // The least step in L2, or in L-infinity, onto the plane. True if it is reached.
  bool LeastL2(std::span<const float> point, std::span<const float> normal, double gap,
               std::span<float> delta);
  bool LeastLinf(std::span<const float> point, std::span<const float> normal, double gap,
                 std::span<float> delta);

  // The step onto the plane, of length at most `radius` (L2), that ends nearest to `clean` in L2, or in
  // L-infinity (there, of all that end as near, the shortest). The problem of Brendel et al. 2019 (arXiv
  // 1907.01003, equation 2). `clean` and `point` lie in the box. True if the plane is reached.
  bool NearestL2(std::span<const float> clean, std::span<const float> point, std::span<const float> normal,
                 double gap, double radius, std::span<float> delta);
  bool NearestLinf(std::span<const float> clean, std::span<const float> point, std::span<const float> normal,
                   double gap, double radius, std::span<float> delta);

 private:
  // delta_i(share, slope) = share * pull_i + slope * normal_i, within [low_i, high_i]: every solution here
  // has this form, for it is where the Lagrangian's gradient vanishes or a bound holds.
  struct Sums {
    double reach, growth, square;  // normal . delta, its derivative by the slope, |delta|^2
  };
  Sums Evaluate(double share, double slope) const;
  // The slope whose step reaches `gap`, from a guess; infinite where the box does not reach it.
  double SolveSlope(double share, double gap, double guess) const;
  // The steepest slope whose step is not longer than the radius, in the gap's direction.
  double LongestSlope(double gap, double radius) const;
  double Extreme(double sign) const;  // of normal . delta within the bounds
  void Load(std::span<const float> point, std::span<const float> normal);
  void Store(double share, double slope, std::span<float> delta) const;

  std::vector<double> pull_, normal_, low_, high_;
  std::vector<double> box_low_, box_high_;  // the bounds without those of an L-infinity ball
};

}  // namespace murine
