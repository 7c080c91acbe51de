// SPDX-License-Identifier: Apache-2.0
#include "robustness/square.h"

#include "nn/tensor.h"
#include "robustness/square_step.h"
#include "robustness/victim.h"

namespace murine {
namespace {

// fill(stream, image, best, point) for every image, each from its stream (seed, "square", attempt, index).
template <class Fill>
torch::Tensor Propose(const AttackInput& part, const torch::Tensor& best, uint64_t seed, int64_t attempt,
                      const Fill& fill) {
  torch::Tensor points = torch::empty_like(best);
  const auto size = static_cast<size_t>(best.numel() / best.size(0));
  const torch::Tensor images = part.images.contiguous();
  const std::span<const float> clean = Values(images), kept = Values(best);
  const std::span<float> out = Values(points);
  const auto index = part.index.accessor<int64_t, 1>();
  at::parallel_for(0, best.size(0), 16, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const size_t at = static_cast<size_t>(i) * size;
      RandomStream stream(seed, "square", static_cast<uint64_t>(attempt), static_cast<uint64_t>(index[i]));
      fill(stream, clean.subspan(at, size), kept.subspan(at, size), out.subspan(at, size));
    }
  });
  return points;
}

}  // namespace

AttackOutcome Square(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                     const SquareOptions& options) {
  RequireUsable(options, epsilon);
  Victim victim(classifier, input, norm);
  const ImageShape shape{input.images.size(1), input.images.size(2), input.images.size(3)};
  const auto epsilon_linf = static_cast<float>(epsilon);
  for (int restart = 0; restart < options.restarts && epsilon > 0; ++restart) {
    torch::Tensor rows = victim.Standing();
    if (rows.size(0) == 0) break;
    AttackInput part = SelectRows(input, rows);
    torch::Tensor best = part.images.contiguous();
    torch::Tensor best_margin = torch::full({rows.size(0)}, std::numeric_limits<float>::infinity());
    for (int64_t query = 0; query < options.queries && rows.size(0) > 0; ++query) {
      const double share = SquareShare(options.share, query - 1, options.queries);
      const torch::Tensor points =
          Propose(part, best, options.seed, restart * options.queries + query,
                  [&](RandomStream& stream, std::span<const float> image, std::span<const float> kept,
                      std::span<float> point) {
                    if (query == 0 && norm == Norm::kLinf)
                      SquareStartLinf(image, shape, epsilon_linf, stream, point);
                    if (query == 0 && norm == Norm::kL2) SquareStartL2(image, shape, epsilon, stream, point);
                    if (query > 0 && norm == Norm::kLinf)
                      SquareProposalLinf(image, kept, shape, epsilon_linf, share, stream, point);
                    if (query > 0 && norm == Norm::kL2)
                      SquareProposalL2(image, kept, shape, epsilon, share, stream, point);
                  });
      const torch::Tensor logits = victim.Logits(points, rows);
      const torch::Tensor margin = Margin(logits, part), better = margin < best_margin;
      best = torch::where(PerImage(better), points, best);
      best_margin = torch::where(better, margin, best_margin);
      const torch::Tensor fooled = victim.Fooled(logits, rows);
      victim.Offer(points, rows, fooled);
      const torch::Tensor keep = fooled.logical_not().nonzero().squeeze(1);
      if (keep.size(0) == rows.size(0)) continue;
      part = SelectRows(part, keep);
      KeepRows(keep, {&rows, &best, &best_margin});
    }
  }
  return victim.Outcome();
}

}  // namespace murine
