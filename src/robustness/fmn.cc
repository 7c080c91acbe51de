// SPDX-License-Identifier: Apache-2.0
#include "robustness/fmn.h"

#include <cmath>
#include <numbers>

#include "robustness/start.h"
#include "robustness/victim.h"

namespace murine {
namespace {

constexpr double kLastGamma = 0.001, kLastStep = 0.01;

// From `first` to `last` along half a cosine.
double Anneal(double first, double last, double share) {
  return last + (first - last) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

}  // namespace

torch::Tensor FmnStep(const torch::Tensor& offset, const torch::Tensor& gradient, const torch::Tensor& images,
                      const torch::Tensor& radius, Norm norm, const torch::Tensor& step) {
  const torch::Tensor moved = images + offset - PerImage(step) * Steepest(gradient, Norm::kL2);
  return Project(moved, images, norm, radius) - images;
}

torch::Tensor FmnRadius(const FmnRadii& radii, const torch::Tensor& fooled, double gamma) {
  const torch::Tensor shrunk = torch::minimum(radii.radius * (1 - gamma), radii.smallest);
  const torch::Tensor grown = radii.radius * (1 + gamma);
  // Beyond the linearized boundary, or rounding and the box's walls leave the point just before it for ever.
  const torch::Tensor aimed = (1 + gamma) * (radii.size + radii.to_boundary);
  const torch::Tensor next =
      torch::where(fooled, shrunk, torch::where(radii.smallest.isfinite(), grown, aimed));
  return torch::minimum(next, radii.largest);
}

AttackOutcome Fmn(const Classifier& classifier, const AttackInput& input, Norm norm,
                  const FmnOptions& options) {
  RequireUsable(options);
  Victim victim(classifier, input, norm);
  const torch::Tensor rows = victim.Standing();
  if (rows.size(0) == 0) return victim.Outcome();
  const AttackInput part = SelectRows(input, rows);
  torch::Tensor offset =
      (part.images + LinearizedSteps(victim, part, part.images, rows, norm)).clamp(0, 1) - part.images;
  const torch::Tensor largest = Sizes(torch::maximum(part.images, 1 - part.images), norm);
  const double side = std::sqrt(static_cast<double>(offset.numel() / offset.size(0)));
  torch::Tensor radius = torch::full({rows.size(0)}, std::numeric_limits<float>::infinity());
  for (int64_t step = 0; step < options.steps; ++step) {
    const double share = static_cast<double>(step) / static_cast<double>(options.steps);
    const torch::Tensor points = part.images + offset;
    const auto at =
        victim.Differentiate(points, rows, [&](const torch::Tensor& logits) { return Margin(logits, part); });
    const torch::Tensor fooled = victim.Fooled(at.logits, rows);
    victim.Offer(points, rows, fooled);
    const torch::Tensor flat = at.gradient.flatten(1);
    // In the dual norm: how fast the margin falls at best.
    const torch::Tensor steepness = norm == Norm::kLinf ? flat.abs().sum(1) : flat.norm(2, 1);
    radius = FmnRadius({.radius = radius,
                        .size = Sizes(offset, norm),
                        .to_boundary = at.loss.abs() / steepness.clamp_min(kLeast),
                        .smallest = victim.perturbation().index_select(0, rows),
                        .largest = largest},
                       fooled, Anneal(options.gamma, kLastGamma, share));
    // The longest step in L2 that still makes sense: to the corner of the ball.
    const torch::Tensor longest = (norm == Norm::kLinf ? radius * side : radius).clamp_max(options.step);
    offset = FmnStep(offset, at.gradient, part.images, radius, norm, longest * Anneal(1, kLastStep, share));
  }
  return victim.Outcome();
}

}  // namespace murine
