// SPDX-License-Identifier: Apache-2.0
#include "robustness/carlini_wagner.h"

#include <cmath>

#include "robustness/victim.h"

namespace murine {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr double kInside = 0.999999;      // keeps atanh finite at the box's walls
constexpr double kStillFalling = 0.9999;  // a loss above this share of the last check's has stopped falling
constexpr int64_t kTightenSteps = 10;
constexpr int64_t kChecks = 10;                                   // in a search
constexpr double kFirst = 0.9, kSecond = 0.999, kEpsilon = 1e-8;  // Adam's

torch::Tensor ToBox(const torch::Tensor& w) { return (w.tanh() + 1) / 2; }

torch::Tensor FromBox(const torch::Tensor& x) { return ((2 * x - 1) * kInside).atanh(); }

// The images that one search still works on.
struct Search {
  AttackInput part;
  torch::Tensor rows, start, w, first, second, constant, last_loss;
};

// Adam from the clean image; rows [m] whose images were fooled at least once are marked in `found` [n].
void Run(Victim& victim, Search search, const CarliniWagnerOptions& options, torch::Tensor& found) {
  const int64_t check = std::max<int64_t>((options.steps + kChecks - 1) / kChecks, 1);
  for (int64_t step = 0; step < options.steps && search.rows.size(0) > 0; ++step) {
    const torch::Tensor points = ToBox(search.w), origin = ToBox(search.start);
    const auto at = victim.Differentiate(points, search.rows, [&](const torch::Tensor& logits) {
      return (Margin(logits, search.part) + options.confidence).clamp_min(0) * search.constant;
    });
    const torch::Tensor offset = points - origin;
    const torch::Tensor loss = at.loss + offset.flatten(1).square().sum(1);
    torch::Tensor fooled = victim.Fooled(at.logits, search.rows);
    if (options.confidence > 0)
      fooled = fooled.logical_and(Margin(at.logits, search.part).le(-options.confidence));
    victim.Offer(points, search.rows, fooled);
    found.index_fill_(0, search.rows.masked_select(fooled), true);

    // d x / d w = 2 x (1 - x)
    const torch::Tensor gradient = (at.gradient + 2 * offset) * 2 * points * (1 - points);
    CarliniWagnerAdam(search.w, search.first, search.second, gradient, step + 1, options.rate);
    if (step % check != 0) continue;
    const torch::Tensor keep = loss.le(kStillFalling * search.last_loss).nonzero().squeeze(1);
    search.last_loss = loss;
    if (keep.size(0) == search.rows.size(0)) continue;
    search.part = SelectRows(search.part, keep);
    KeepRows(keep, {&search.rows, &search.start, &search.w, &search.first, &search.second, &search.constant,
                    &search.last_loss});
  }
}

}  // namespace

void CarliniWagnerAdam(torch::Tensor& w, torch::Tensor& first, torch::Tensor& second,
                       const torch::Tensor& gradient, int64_t step, double rate) {
  first = kFirst * first + (1 - kFirst) * gradient;
  second = kSecond * second + (1 - kSecond) * gradient.square();
  const double first_share = 1 - std::pow(kFirst, step), second_share = 1 - std::pow(kSecond, step);
  w = w - rate * (first / first_share) / ((second / second_share).sqrt() + kEpsilon);
}

AttackOutcome CarliniWagner(const Classifier& classifier, const AttackInput& input,
                            const CarliniWagnerOptions& options) {
  RequireUsable(options);
  Victim victim(classifier, input, Norm::kL2);
  const torch::Tensor rows = victim.Standing();
  if (rows.size(0) == 0) return victim.Outcome();
  const AttackInput part = SelectRows(input, rows);
  const torch::Tensor start = FromBox(part.images), zeros = torch::zeros({rows.size(0)});
  torch::Tensor constant = zeros + options.constant, low = zeros, high = zeros + kInfinity;
  for (int64_t search = 0; search < options.searches; ++search) {
    torch::Tensor found = torch::zeros({input.images.size(0)}, torch::kBool);
    Run(victim,
        {part, rows, start, start, torch::zeros_like(start), torch::zeros_like(start), constant,
         zeros + kInfinity},
        options, found);
    const torch::Tensor good = found.index_select(0, rows);
    high = torch::where(good, constant, high);
    low = torch::where(good, low, constant);
    constant = torch::where(high.isinf(), constant * 10, (low + high) / 2);
  }
  if (options.confidence == 0) victim.Tighten(rows, kTightenSteps);
  return victim.Outcome();
}

}  // namespace murine
