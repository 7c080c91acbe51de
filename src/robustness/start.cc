// SPDX-License-Identifier: Apache-2.0
#include "robustness/start.h"

#include <cmath>
#include <limits>

#include "robustness/deepfool.h"

namespace murine {
namespace {

constexpr double kBeyond = 1.1;  // a step onto a linearized boundary goes this much further
constexpr int64_t kTurns = 20;   // times that a path which has crossed nothing linearizes again

// Noise images that are a success.
Starts FindNoise(Victim& victim, const AttackInput& input, torch::Tensor rows, int64_t directions,
                 uint64_t seed) {
  std::vector<torch::Tensor> found_rows, found_points;
  for (int64_t direction = 0; direction < directions && rows.size(0) > 0; ++direction) {
    const torch::Tensor noise =
        DrawEach(SelectRows(input, rows), seed, "attack/start", direction,
                 [](RandomStream& stream, std::span<float> values) { stream.FillUniform(values, 0, 1); });
    const torch::Tensor fooled = victim.Fooled(victim.Logits(noise, rows), rows);
    const torch::Tensor found = fooled.nonzero().squeeze(1);
    found_rows.push_back(rows.index_select(0, found));
    found_points.push_back(noise.index_select(0, found));
    rows = rows.masked_select(fooled.logical_not());
  }
  if (found_rows.empty()) return {rows, input.images.index_select(0, rows)};
  return {torch::cat(found_rows), torch::cat(found_points)};
}

// The noise images, blended.
Starts FromNoise(Victim& victim, const AttackInput& input, const torch::Tensor& rows, int64_t directions,
                 int64_t blends, uint64_t seed) {
  const Starts noise = FindNoise(victim, input, rows, directions, seed);
  Starts starts{noise.rows, noise.points.clone()};
  torch::Tensor open = torch::arange(noise.rows.size(0));  // places whose mixture is not settled
  for (int64_t blend = 1; blend < blends && open.size(0) > 0; ++blend) {
    const double share = static_cast<double>(blend) / static_cast<double>(blends);
    const torch::Tensor open_rows = noise.rows.index_select(0, open);
    const torch::Tensor mixed =
        (1 - share) * input.images.index_select(0, open_rows) + share * noise.points.index_select(0, open);
    const torch::Tensor fooled = victim.Fooled(victim.Logits(mixed, open_rows), open_rows);
    const torch::Tensor found = fooled.nonzero().squeeze(1);
    starts.points.index_copy_(0, open.index_select(0, found), mixed.index_select(0, found));
    open = open.masked_select(fooled.logical_not());
  }
  return starts;
}

// Of the starts given to each image the one whose line to the image crosses the boundary next to it.
Starts FromGiven(Victim& victim, const AttackInput& input, const torch::Tensor& all_rows, int64_t blends) {
  const auto steps = static_cast<int64_t>(std::ceil(std::log2(blends)));
  torch::Tensor least = torch::full({input.images.size(0)}, std::numeric_limits<float>::infinity());
  torch::Tensor nearest = input.images.clone();
  for (int64_t k = 0; k < input.starts.size(1); ++k) {
    const torch::Tensor given = input.starts.select(1, k);
    const torch::Tensor rows = all_rows.masked_select(
        victim.Fooled(victim.Logits(given.index_select(0, all_rows), all_rows), all_rows));
    if (rows.size(0) == 0) continue;
    const torch::Tensor images = input.images.index_select(0, rows);
    const torch::Tensor points =
        BisectToBoundary(victim, images, rows, given.index_select(0, rows), Norm::kL2, steps);
    const torch::Tensor sizes = Sizes(points - images, Norm::kL2);
    const torch::Tensor nearer = sizes.lt(least.index_select(0, rows)).nonzero().squeeze(1);
    least.index_copy_(0, rows.index_select(0, nearer), sizes.index_select(0, nearer));
    nearest.index_copy_(0, rows.index_select(0, nearer), points.index_select(0, nearer));
  }
  const torch::Tensor rows = all_rows.masked_select(least.index_select(0, all_rows).isfinite());
  return {rows, nearest.index_select(0, rows)};
}

// The points at `share` [m] of the way from the images: in L-infinity the offset cut at that share of the
// box.
torch::Tensor Between(const torch::Tensor& images, const torch::Tensor& points, const torch::Tensor& share,
                      Norm norm) {
  const torch::Tensor offset = points - images;
  if (norm == Norm::kL2) return (images + PerImage(share) * offset).clamp(0, 1);
  return (images + torch::minimum(torch::maximum(offset, -PerImage(share)), PerImage(share))).clamp(0, 1);
}

}  // namespace

torch::Tensor BisectToBoundary(Victim& victim, const torch::Tensor& images, const torch::Tensor& rows,
                               const torch::Tensor& starts, Norm norm, int64_t steps) {
  torch::Tensor low = torch::zeros({rows.size(0)}), high = torch::ones({rows.size(0)});
  torch::Tensor points = starts;
  for (int64_t step = 0; step < steps; ++step) {
    const torch::Tensor middle = (low + high) / 2, tried = Between(images, starts, middle, norm);
    const torch::Tensor fooled = victim.Fooled(victim.Logits(tried, rows), rows);
    points = torch::where(PerImage(fooled), tried, points);
    low = torch::where(fooled, low, middle);
    high = torch::where(fooled, middle, high);
  }
  return points;
}

torch::Tensor LinearizedSteps(Victim& victim, const AttackInput& part, const torch::Tensor& points,
                              const torch::Tensor& rows, Norm norm) {
  constexpr int64_t kClasses = 10;
  if (part.targets.defined()) {
    const auto at =
        victim.Differentiate(points, rows, [&](const torch::Tensor& logits) { return Margin(logits, part); });
    const torch::Tensor flat = at.gradient.flatten(1);
    const torch::Tensor steepness = norm == Norm::kLinf ? flat.abs().sum(1) : flat.norm(2, 1);
    return -PerImage(at.loss / steepness.clamp_min(1e-8)) * Steepest(at.gradient, norm);
  }
  const torch::Tensor clean = victim.clean_logits().index_select(0, rows);
  const torch::Tensor classes =
      torch::cat({part.labels.unsqueeze(1), RankedOtherClasses(clean, part.labels)}, 1).slice(1, 0, kClasses);
  const auto at = victim.DifferentiateLogits(points, rows, classes);
  return DeepFoolStep(at.logits.gather(1, classes), at.gradients, norm);
}

Starts FindNearStarts(Victim& victim, const AttackInput& input, const torch::Tensor& all_rows, Norm norm,
                      int64_t directions, int64_t blends, uint64_t seed) {
  if (all_rows.size(0) == 0) return {all_rows, input.images.index_select(0, all_rows)};
  torch::Tensor rows = all_rows;
  torch::Tensor images = input.images.index_select(0, rows);
  std::vector<torch::Tensor> found_rows, found_points;
  // Keeps the points that are a success; returns the places of the others.
  const auto keep_found = [&](const torch::Tensor& points) {
    const torch::Tensor fooled = victim.Fooled(victim.Logits(points, rows), rows);
    const torch::Tensor found = fooled.nonzero().squeeze(1);
    found_rows.push_back(rows.index_select(0, found));
    found_points.push_back(points.index_select(0, found));
    return fooled.logical_not().nonzero().squeeze(1);
  };
  torch::Tensor steps = LinearizedSteps(victim, SelectRows(input, rows), images, rows, norm);
  for (double length = kBeyond; length < kBeyond * 65 && rows.size(0) > 0; length *= 2)
    KeepRows(keep_found((images + length * steps).clamp(0, 1)), {&rows, &images, &steps});
  torch::Tensor points = images;
  for (int64_t turn = 0; turn < kTurns && rows.size(0) > 0; ++turn) {
    steps = LinearizedSteps(victim, SelectRows(input, rows), points, rows, norm);
    points = (points + kBeyond * steps).clamp(0, 1);
    KeepRows(keep_found(points), {&rows, &points});
  }
  const Starts others = FindStarts(victim, input, rows, directions, blends, seed);
  found_rows.push_back(others.rows);
  found_points.push_back(others.points);
  return {torch::cat(found_rows), torch::cat(found_points)};
}

Starts FindStarts(Victim& victim, const AttackInput& input, const torch::Tensor& rows, int64_t directions,
                  int64_t blends, uint64_t seed) {
  if (!input.starts.defined()) return FromNoise(victim, input, rows, directions, blends, seed);
  const Starts given = FromGiven(victim, input, rows, blends);
  torch::Tensor has = torch::zeros({input.images.size(0)}, torch::kBool);
  has.index_fill_(0, given.rows, true);
  const torch::Tensor others = rows.masked_select(has.index_select(0, rows).logical_not());
  const Starts noise = FromNoise(victim, input, others, directions, blends, seed);
  return {torch::cat({given.rows, noise.rows}), torch::cat({given.points, noise.points})};
}

}  // namespace murine
