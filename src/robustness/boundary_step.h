// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <span>

#include "base/random.h"

namespace murine {

// One image's walk along the decision boundary (Brendel et al. 2018, arXiv 1712.04248, section 2).

// The last `size` (at most 127) decisions.
class Decisions {
 public:
  explicit Decisions(int size) : size_(size) {}
  void Add(bool adversarial);
  bool Full() const { return count_ >= size_; }
  double Share() const { return static_cast<double>(bits_.count()) / size_; }  // when full
  void Clear();

 private:
  int size_, count_ = 0;
  std::bitset<128> bits_;
};

// Step sizes as shares of the distance to the clean image, and how they follow the decisions: both grow when
// more than half of the steps along the sphere stay adversarial and shrink below a fifth; the one towards the
// image grows above a quarter and shrinks below a tenth.
struct BoundaryPace {
  double spherical_step, source_step;
  Decisions spherical{100}, steps{30};

  void Follow(bool spherical_adversarial, bool step_adversarial, double adaptation);
};

// Draws a step of `spherical_step` distances along the sphere around `clean` through `best` (into
// `on_sphere`), and from there one of `source_step` distances towards `clean` (into `candidate`); both in the
// box.
void ProposeBoundaryStep(std::span<const float> clean, std::span<const float> best, const BoundaryPace& pace,
                         RandomStream& stream, std::span<float> on_sphere, std::span<float> candidate);

}  // namespace murine
