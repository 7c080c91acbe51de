// SPDX-License-Identifier: Apache-2.0
#include "robustness/brendel_bethge.h"

#include "nn/tensor.h"
#include "robustness/box_step.h"
#include "robustness/start.h"
#include "robustness/victim.h"

namespace murine {
namespace {

constexpr double kProgress = 1e-3;  // less than this share of the distance is none
constexpr double kDone = 1e-2;      // share of the distance below which the radius ends the walk

// Of each image the best step within its trust region onto normal . delta = gap: all [m, ...], gap and radius
// [m].
torch::Tensor BestSteps(const torch::Tensor& images, const torch::Tensor& points, const torch::Tensor& normal,
                        const torch::Tensor& gap, const torch::Tensor& radius, Norm norm) {
  const torch::Tensor clean = images.contiguous(), from = points.contiguous(), plane = normal.contiguous();
  const torch::Tensor gaps = gap.to(torch::kFloat64).contiguous();
  const torch::Tensor radii = radius.to(torch::kFloat64).contiguous();
  torch::Tensor steps = torch::empty_like(from);
  const auto size = static_cast<size_t>(from.numel() / from.size(0));
  at::parallel_for(0, from.size(0), 1, [&](int64_t first, int64_t last) {
    BoxStep solver(size);
    for (int64_t i = first; i < last; ++i) {
      const auto of = [&](auto values) { return values.subspan(static_cast<size_t>(i) * size, size); };
      const auto solve = norm == Norm::kLinf ? &BoxStep::NearestLinf : &BoxStep::NearestL2;
      (solver.*solve)(of(Values(clean)), of(Values(from)), of(Values(plane)), gaps.data_ptr<double>()[i],
                      radii.data_ptr<double>()[i], of(Values(steps)));
    }
  });
  return steps;
}

}  // namespace

AttackOutcome BrendelBethge(const Classifier& classifier, const AttackInput& input, Norm norm,
                            const BrendelBethgeOptions& options) {
  RequireUsable(options);
  Victim victim(classifier, input, norm);
  const Starts starts = FindNearStarts(victim, input, victim.Standing(), norm, options.directions,
                                       options.blends, options.seed);
  if (starts.rows.size(0) == 0) return victim.Outcome();
  torch::Tensor rows = starts.rows;
  AttackInput part = SelectRows(input, rows);
  victim.Offer(starts.points, rows, torch::ones({rows.size(0)}, torch::kBool));
  torch::Tensor points =
      BisectToBoundary(victim, part.images, rows, starts.points, norm, options.search_steps);
  const auto values = static_cast<double>(points.numel() / points.size(0));
  torch::Tensor radius = Sizes(points - part.images, Norm::kL2).clamp_max(options.rate * values);
  torch::Tensor reference = torch::full_like(radius, std::numeric_limits<float>::infinity());
  torch::Tensor stalled = torch::zeros_like(radius), normal;
  const int64_t interval = std::max<int64_t>(options.steps / options.decays, 1);
  for (int64_t step = 1; step <= options.steps && rows.size(0) > 0; ++step) {
    const auto at =
        victim.Differentiate(points, rows, [&](const torch::Tensor& logits) { return Margin(logits, part); });
    victim.Offer(points, rows, victim.Fooled(at.logits, rows));
    normal = step == 1 ? at.gradient : (1 - options.momentum) * at.gradient + options.momentum * normal;

    const torch::Tensor best = victim.perturbation().index_select(0, rows);
    const torch::Tensor progress = best < (1 - kProgress) * reference;
    reference = torch::where(progress, best, reference);
    stalled = torch::where(progress, 0., stalled + 1).to(torch::kFloat32);
    const torch::Tensor tired = stalled >= options.patience;
    radius = torch::where(tired, radius * options.decay, radius);
    stalled = torch::where(tired, 0., stalled).to(torch::kFloat32);
    if ((step + 1) % interval == 0) radius = radius * options.decay;

    // Beyond the boundary when it is not yet crossed, not quite to it when it is (both by the overshoot).
    const torch::Tensor gap =
        -at.loss * torch::where(at.loss > 0, options.overshoot, 2 - options.overshoot).to(torch::kFloat32);
    points = (points + BestSteps(part.images, points, normal, gap, radius, norm)).clamp_(0, 1);
    const torch::Tensor distance = Sizes(points - part.images, Norm::kL2);
    const torch::Tensor keep = (radius > kDone * distance).nonzero().squeeze(1);
    if (keep.size(0) == rows.size(0)) continue;
    part = SelectRows(part, keep);
    KeepRows(keep, {&rows, &points, &normal, &radius, &reference, &stalled});
  }
  victim.Tighten(starts.rows, options.search_steps);
  return victim.Outcome();
}

}  // namespace murine
