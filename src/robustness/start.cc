// SPDX-License-Identifier: Apache-2.0
#include "robustness/start.h"

namespace murine {
namespace {

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

}  // namespace

Starts FindStarts(Victim& victim, const AttackInput& input, const torch::Tensor& rows, int64_t directions,
                  int64_t blends, uint64_t seed) {
  if (rows.size(0) == 0) return {rows, input.images.index_select(0, rows)};
  if (input.starts.defined()) {
    const torch::Tensor points = input.starts.index_select(0, rows);
    const torch::Tensor good = victim.Fooled(victim.Logits(points, rows), rows).nonzero().squeeze(1);
    return {rows.index_select(0, good), points.index_select(0, good)};
  }
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

}  // namespace murine
