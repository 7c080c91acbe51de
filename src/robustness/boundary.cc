// SPDX-License-Identifier: Apache-2.0
#include "robustness/boundary.h"

#include "nn/tensor.h"
#include "robustness/boundary_step.h"
#include "robustness/start.h"
#include "robustness/victim.h"

namespace murine {
namespace {

struct Proposals {
  torch::Tensor on_sphere, candidates;
};

Proposals Propose(const AttackInput& part, const torch::Tensor& best, const std::vector<BoundaryPace>& paces,
                  uint64_t seed, int64_t step) {
  Proposals out{torch::empty_like(best), torch::empty_like(best)};
  const auto size = static_cast<size_t>(best.numel() / best.size(0));
  const torch::Tensor images = part.images.contiguous();
  const std::span<const float> clean = Values(images), from = Values(best);
  const std::span<float> on_sphere = Values(out.on_sphere), candidates = Values(out.candidates);
  const auto index = part.index.accessor<int64_t, 1>();
  at::parallel_for(0, best.size(0), 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const size_t at = static_cast<size_t>(i) * size;
      RandomStream stream(seed, "boundary", static_cast<uint64_t>(step), static_cast<uint64_t>(index[i]));
      ProposeBoundaryStep(clean.subspan(at, size), from.subspan(at, size), paces[static_cast<size_t>(i)],
                          stream, on_sphere.subspan(at, size), candidates.subspan(at, size));
    }
  });
  return out;
}

// Lets every image's pace follow its decisions; the places [k] of those that have not converged.
torch::Tensor Follow(std::vector<BoundaryPace>& paces, const torch::Tensor& spherical,
                     const torch::Tensor& fooled, const BoundaryOptions& options) {
  std::vector<int64_t> going_on;
  std::vector<BoundaryPace> kept;
  for (size_t i = 0; i < paces.size(); ++i) {
    paces[i].Follow(spherical.data_ptr<bool>()[i], fooled.data_ptr<bool>()[i], options.adaptation);
    if (paces[i].source_step < options.convergence) continue;
    going_on.push_back(static_cast<int64_t>(i));
    kept.push_back(paces[i]);
  }
  paces = std::move(kept);
  return ToTensor(std::span<const int64_t>(going_on));
}

}  // namespace

AttackOutcome Boundary(const Classifier& classifier, const AttackInput& input,
                       const BoundaryOptions& options) {
  RequireUsable(options);
  Victim victim(classifier, input, Norm::kL2);
  auto [rows, best] =
      FindStarts(victim, input, victim.Standing(), options.directions, options.blends, options.seed);
  victim.Offer(best, rows, torch::ones({rows.size(0)}, torch::kBool));
  AttackInput part = SelectRows(input, rows);
  std::vector<BoundaryPace> paces(static_cast<size_t>(rows.size(0)),
                                  {options.spherical_step, options.source_step});
  for (int64_t step = 1; step <= options.steps && rows.size(0) > 0; ++step) {
    const Proposals proposals = Propose(part, best, paces, options.seed, step);
    const torch::Tensor fooled = victim.Fooled(victim.Logits(proposals.candidates, rows), rows);
    victim.Offer(proposals.candidates, rows, fooled);
    const torch::Tensor closer = Sizes(proposals.candidates - part.images, Norm::kL2)
                                     .lt(Sizes(best - part.images, Norm::kL2))
                                     .logical_and(fooled);
    best = torch::where(PerImage(closer), proposals.candidates, best);
    if (step % options.check_every != 0) continue;
    const torch::Tensor spherical = victim.Fooled(victim.Logits(proposals.on_sphere, rows), rows);
    const torch::Tensor keep = Follow(paces, spherical, fooled, options);
    if (keep.size(0) == rows.size(0)) continue;
    part = SelectRows(part, keep);
    KeepRows(keep, {&rows, &best});
  }
  return victim.Outcome();
}

}  // namespace murine
