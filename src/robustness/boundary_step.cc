// SPDX-License-Identifier: Apache-2.0
#include "robustness/boundary_step.h"

#include <algorithm>
#include <cmath>

namespace murine {
namespace {

constexpr double kLeastLength = 1e-12;

double Distance(std::span<const float> a, std::span<const float> b) {
  double square = 0;
  for (size_t i = 0; i < a.size(); ++i) square += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return std::sqrt(square);
}

}  // namespace

void Decisions::Add(bool adversarial) {
  bits_ <<= 1;
  bits_[static_cast<size_t>(size_)] = false;
  bits_[0] = adversarial;
  count_ = std::min(count_ + 1, size_);
}

void Decisions::Clear() {
  bits_.reset();
  count_ = 0;
}

void BoundaryPace::Follow(bool spherical_adversarial, bool step_adversarial, double adaptation) {
  spherical.Add(spherical_adversarial);
  steps.Add(step_adversarial);
  if (spherical.Full()) {
    const double share = spherical.Share();
    const double factor = share > 0.5 ? adaptation : share < 0.2 ? 1 / adaptation : 1;
    spherical_step *= factor;
    source_step *= factor;
    if (factor != 1) spherical.Clear();
  }
  if (steps.Full()) {
    const double share = steps.Share();
    const double factor = share > 0.25 ? adaptation : share < 0.1 ? 1 / adaptation : 1;
    source_step *= factor;
    if (factor != 1) steps.Clear();
  }
}

void ProposeBoundaryStep(std::span<const float> clean, std::span<const float> best, const BoundaryPace& pace,
                         RandomStream& stream, std::span<float> on_sphere, std::span<float> candidate) {
  const size_t size = clean.size();
  stream.FillNormal(candidate, 1);
  const double distance = std::max(Distance(clean, best), kLeastLength);
  // The part of the draw that is orthogonal to the line from the clean image.
  double along = 0;
  for (size_t i = 0; i < size; ++i) along += (double{clean[i]} - best[i]) * candidate[i];
  along /= distance * distance;
  double square = 0;
  for (size_t i = 0; i < size; ++i) {
    const double across = candidate[i] - along * (double{clean[i]} - best[i]);
    candidate[i] = static_cast<float>(across);
    square += across * across;
  }
  const double stretch = pace.spherical_step * distance / std::sqrt(std::max(square, kLeastLength));
  const double back = 1 / std::sqrt(1 + pace.spherical_step * pace.spherical_step);  // onto the sphere
  for (size_t i = 0; i < size; ++i)
    on_sphere[i] = static_cast<float>(
        std::clamp(clean[i] + back * (stretch * candidate[i] + best[i] - double{clean[i]}), 0., 1.));
  // The box may have brought the point nearer: that much less is left of the step.
  const double now = std::max(Distance(clean, on_sphere), kLeastLength);
  const double inward = std::max(pace.source_step * distance + now - distance, 0.) / now;
  for (size_t i = 0; i < size; ++i)
    candidate[i] =
        static_cast<float>(std::clamp(on_sphere[i] + inward * (double{clean[i]} - on_sphere[i]), 0., 1.));
}

}  // namespace murine
