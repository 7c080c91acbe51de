// SPDX-License-Identifier: Apache-2.0
#include "robustness/fab.h"

#include <cmath>

#include "nn/tensor.h"
#include "robustness/box_step.h"
#include "robustness/victim.h"

namespace murine {
namespace {

constexpr int64_t kSearchSteps = 10;

// The planes normal . (x - point) = gap onto which points are projected: normal [m, c, h, w], gap [m].
struct Planes {
  torch::Tensor normal, gap;
};
using Linearize =
    std::function<Planes(const torch::Tensor& points, const torch::Tensor& rows, const AttackInput& part)>;

// Of each image the least step onto its plane within the box.
torch::Tensor StepsTo(const torch::Tensor& points, const Planes& planes, Norm norm) {
  const torch::Tensor from = points.contiguous(), normal = planes.normal.contiguous();
  const torch::Tensor gap = planes.gap.to(torch::kFloat64).contiguous();
  torch::Tensor steps = torch::empty_like(from);
  const auto size = static_cast<size_t>(from.numel() / from.size(0));
  const std::span<const float> from_values = Values(from), normal_values = Values(normal);
  const std::span<float> step_values = Values(steps);
  const double* gaps = gap.data_ptr<double>();
  at::parallel_for(0, from.size(0), 1, [&](int64_t first, int64_t last) {
    BoxStep solver(size);
    for (int64_t i = first; i < last; ++i) {
      const size_t at = static_cast<size_t>(i) * size;
      if (norm == Norm::kLinf)
        solver.LeastLinf(from_values.subspan(at, size), normal_values.subspan(at, size), gaps[i],
                         step_values.subspan(at, size));
      else
        solver.LeastL2(from_values.subspan(at, size), normal_values.subspan(at, size), gaps[i],
                       step_values.subspan(at, size));
    }
  });
  return steps;
}

// A random start at half the radius, or half the smallest success where that is less (section 3.4).
torch::Tensor RandomStart(const AttackInput& part, const torch::Tensor& smallest, Norm norm, double radius,
                          uint64_t seed, int64_t attempt) {
  const torch::Tensor direction = DrawDirections(part, norm, seed, "fab", attempt);
  return (part.images + PerImage(smallest.clamp_max(radius) / 2) * direction).clamp(0, 1);
}

// Algorithm 1 from one start. Images whose smallest success is at most `enough` leave.
void Run(Victim& victim, AttackInput part, torch::Tensor rows, torch::Tensor points, Norm norm, double enough,
         const FabOptions& options, const Linearize& linearize) {
  for (int step = 0; step < options.steps && rows.size(0) > 0; ++step) {
    const Planes planes = linearize(points, rows, part);
    const torch::Tensor from_point = StepsTo(points, planes, norm);
    const torch::Tensor moved = ((points - part.images) * planes.normal).flatten(1).sum(1);
    const torch::Tensor from_image = StepsTo(part.images, {planes.normal, planes.gap + moved}, norm);
    // The nearer the clean image is to the plane, beside the point, the more of the step starts from it
    // (equation 9).
    const torch::Tensor near = Sizes(from_point, norm).clamp_min(1e-8);
    const torch::Tensor far = Sizes(from_image, norm).clamp_min(1e-8);
    const torch::Tensor alpha = PerImage((near / (near + far)).clamp(0, options.alpha_max));
    points =
        ((1 - alpha) * (points + options.eta * from_point) + alpha * (part.images + options.eta * from_image))
            .clamp_(0, 1);
    const torch::Tensor fooled = victim.Fooled(victim.Logits(points, rows), rows);
    victim.Offer(points, rows, fooled);
    points = torch::where(PerImage(fooled), part.images + options.beta * (points - part.images), points);
    const torch::Tensor keep = (victim.perturbation().index_select(0, rows) > enough).nonzero().squeeze(1);
    if (keep.size(0) == rows.size(0)) continue;
    part = SelectRows(part, keep);
    KeepRows(keep, {&rows, &points});
  }
}

// All restarts, the first from the clean image; `attempt` numbers the aim.
void RunAll(Victim& victim, const AttackInput& input, Norm norm, double enough, int64_t attempt,
            const FabOptions& options, const Linearize& linearize) {
  const double radius = options.start_radius > 0 ? options.start_radius : (norm == Norm::kLinf ? 0.3 : 1.0);
  for (int restart = 0; restart < options.restarts; ++restart) {
    const torch::Tensor rows = victim.Beyond(enough);
    if (rows.size(0) == 0) return;
    const AttackInput part = SelectRows(input, rows);
    Run(victim, part, rows,
        restart == 0 ? part.images
                     : RandomStart(part, victim.perturbation().index_select(0, rows), norm, radius,
                                   options.seed, attempt * options.restarts + restart),
        norm, enough, options, linearize);
  }
}

// The boundary between the label and part.targets.
Planes TowardsTargets(Victim& victim, const torch::Tensor& points, const torch::Tensor& rows,
                      const AttackInput& part) {
  const auto at = victim.Differentiate(points, rows, [&](const torch::Tensor& logits) {
    const auto of = [&](const torch::Tensor& classes) {
      return logits.gather(1, classes.unsqueeze(1)).squeeze(1);
    };
    return of(part.targets) - of(part.labels);
  });
  return {at.gradient, -at.loss};
}

// The boundary between the target and the likeliest other class.
Planes TowardsOwnTarget(Victim& victim, const torch::Tensor& points, const torch::Tensor& rows,
                        const AttackInput& part) {
  const auto at =
      victim.Differentiate(points, rows, [&](const torch::Tensor& logits) { return -Margin(logits, part); });
  return {at.gradient, -at.loss};
}

// The nearest linearized boundary of all classes.
Planes TowardsNearest(Victim& victim, const torch::Tensor& points, const torch::Tensor& rows,
                      const AttackInput& part, Norm norm) {
  const int64_t m = rows.size(0), classes = victim.clean_logits().size(1);
  const auto at =
      victim.DifferentiateLogits(points, rows, torch::arange(classes).unsqueeze(0).expand({m, classes}));
  const torch::Tensor flat = at.gradients.flatten(2);  // [m, classes, values]
  const torch::Tensor label = part.labels.unsqueeze(1);
  const torch::Tensor own = flat.gather(1, label.unsqueeze(2).expand({m, 1, flat.size(2)}));
  const torch::Tensor normals = flat - own, gaps = at.logits.gather(1, label) - at.logits;
  const torch::Tensor lengths = norm == Norm::kLinf ? normals.abs().sum(2) : normals.norm(2, 2);
  const torch::Tensor distances =
      (gaps.abs() / (lengths + kLeast)).scatter(1, label, std::numeric_limits<float>::infinity());
  const torch::Tensor nearest = distances.argmin(1, /*keepdim=*/true);
  const torch::Tensor normal =
      normals.gather(1, nearest.unsqueeze(2).expand({m, 1, flat.size(2)})).view_as(points);
  return {normal, gaps.gather(1, nearest).squeeze(1)};
}

}  // namespace

AttackOutcome Fab(const Classifier& classifier, const AttackInput& input, Norm norm,
                  const FabOptions& options) {
  RequireUsable(options);
  Victim victim(classifier, input, norm);
  const torch::Tensor rows = victim.Beyond(0);
  RunAll(victim, input, norm, /*enough=*/0, /*attempt=*/0, options,
         [&](const torch::Tensor& points, const torch::Tensor& rows_now, const AttackInput& part) {
           return input.targets.defined() ? TowardsOwnTarget(victim, points, rows_now, part)
                                          : TowardsNearest(victim, points, rows_now, part, norm);
         });
  victim.Tighten(rows, kSearchSteps);
  return victim.Outcome();
}

AttackOutcome FabTargeted(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                          const FabOptions& options) {
  RequireUsable(options, epsilon);
  RequireAim(AttackName::kAutoAttack, AimOf(input));  // FAB-T is a part of it
  Victim victim(classifier, input, norm);
  const torch::Tensor ranked = RankedOtherClasses(victim.clean_logits(), input.labels);
  for (int64_t rank = 0; rank < std::min(options.target_classes, ranked.size(1)) && epsilon > 0; ++rank) {
    AttackInput aimed = input;  // the aim of the projections; what counts as a success stays untargeted
    aimed.targets = ranked.select(1, rank).contiguous();
    RunAll(victim, aimed, norm, epsilon, rank, options,
           [&](const torch::Tensor& points, const torch::Tensor& rows, const AttackInput& part) {
             return TowardsTargets(victim, points, rows, part);
           });
  }
  victim.Shorten(epsilon);
  return victim.Outcome();
}

}  // namespace murine
