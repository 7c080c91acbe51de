// SPDX-License-Identifier: Apache-2.0
#include "robustness/victim.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"

namespace murine {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

void StopIfAsked() {
  if (InterruptRequested()) ThrowInterrupted("the batches before this one are kept");
}

}  // namespace

Victim::Victim(const Classifier& classifier, const AttackInput& input, Norm norm)
    : classifier_(classifier), input_(input), norm_(norm) {
  const int64_t n = input.images.size(0);
  const torch::Tensor rows = torch::arange(n);
  queries_ = torch::zeros({n}, torch::kInt64);
  clean_logits_ = Logits(input.images, rows);
  RequireFinite(clean_logits_, input.index);
  adversarial_ = input.images.clone();
  perturbation_ = torch::where(Fooled(clean_logits_, rows), 0.f, kInfinity);
}

void Victim::Count(const torch::Tensor& rows, int64_t queries) {
  queries_.index_add_(0, rows, torch::full_like(rows, queries));
  if (input_.asked) input_.asked(rows.size(0) * queries);
}

torch::Tensor Victim::Standing() const { return perturbation_.isinf().nonzero().squeeze(1); }

torch::Tensor Victim::Beyond(double epsilon) const { return (perturbation_ > epsilon).nonzero().squeeze(1); }

torch::Tensor Victim::Logits(const torch::Tensor& points, const torch::Tensor& rows) {
  StopIfAsked();
  const torch::NoGradGuard no_grad;
  Count(rows, 1);
  return classifier_.logits(points);
}

Victim::Gradient Victim::Differentiate(const torch::Tensor& points, const torch::Tensor& rows,
                                       const Loss& loss) {
  StopIfAsked();
  const torch::AutoGradMode enabled(true);
  Count(rows, 1);
  const torch::Tensor x = points.detach().set_requires_grad(true);
  const torch::Tensor logits = classifier_.logits(x);
  const torch::Tensor values = loss(logits);
  const torch::Tensor gradient = torch::autograd::grad({values.sum()}, {x})[0];
  return {logits.detach(), values.detach(), gradient};
}

Victim::Jacobian Victim::DifferentiateLogits(const torch::Tensor& points, const torch::Tensor& rows,
                                             const torch::Tensor& classes) {
  StopIfAsked();
  const torch::AutoGradMode enabled(true);
  const int64_t k = classes.size(1);
  Count(rows, k);
  const torch::Tensor x = points.detach().set_requires_grad(true);
  const torch::Tensor logits = classifier_.logits(x);
  const torch::Tensor chosen = logits.gather(1, classes);
  std::vector<torch::Tensor> gradients;
  for (int64_t j = 0; j < k; ++j)
    gradients.push_back(
        torch::autograd::grad({chosen.select(1, j).sum()}, {x}, {}, /*retain_graph=*/j + 1 < k)[0]);
  return {logits.detach(), torch::stack(gradients, 1)};
}

torch::Tensor Victim::Fooled(const torch::Tensor& logits, const torch::Tensor& rows) const {
  const torch::Tensor taken_for = logits.argmax(1);
  const torch::Tensor fooled = input_.targets.defined() ? taken_for.eq(input_.targets.index_select(0, rows))
                                                        : taken_for.ne(input_.labels.index_select(0, rows));
  return fooled.logical_and(logits.isfinite().all(1));
}

void Victim::Offer(const torch::Tensor& points, const torch::Tensor& rows, const torch::Tensor& fooled) {
  const torch::Tensor places = fooled.nonzero().squeeze(1);
  if (places.size(0) == 0) return;
  const torch::Tensor fooling_rows = rows.index_select(0, places);
  const torch::Tensor fooling = points.index_select(0, places);
  const torch::Tensor sizes = Sizes(fooling - input_.images.index_select(0, fooling_rows), norm_);
  const torch::Tensor better = (sizes < perturbation_.index_select(0, fooling_rows)).nonzero().squeeze(1);
  if (better.size(0) == 0) return;
  const torch::Tensor better_rows = fooling_rows.index_select(0, better);
  adversarial_.index_copy_(0, better_rows, fooling.index_select(0, better));
  perturbation_.index_copy_(0, better_rows, sizes.index_select(0, better));
}

void Victim::Tighten(const torch::Tensor& all_rows, int64_t steps) {
  const torch::Tensor sizes = perturbation_.index_select(0, all_rows);
  const torch::Tensor rows = all_rows.masked_select(sizes.isfinite().logical_and(sizes > 0));
  if (rows.size(0) == 0) return;
  const torch::Tensor images = input_.images.index_select(0, rows);
  const torch::Tensor offset = adversarial_.index_select(0, rows) - images;
  torch::Tensor low = torch::zeros({rows.size(0)}), high = torch::ones({rows.size(0)});
  for (int64_t step = 0; step < steps; ++step) {
    const torch::Tensor middle = (low + high) / 2;
    const torch::Tensor points = (images + PerImage(middle) * offset).clamp_(0, 1);
    const torch::Tensor fooled = Fooled(Logits(points, rows), rows);
    Offer(points, rows, fooled);
    low = torch::where(fooled, low, middle);
    high = torch::where(fooled, middle, high);
  }
}

void Victim::Shorten(double epsilon) {
  constexpr double kRounding = 2e-7;  // of a difference of two values in [0, 1]
  torch::Tensor rows = Beyond(epsilon + kRounding);
  const torch::Tensor tried = rows.masked_select(perturbation_.index_select(0, rows).isfinite());
  if (tried.size(0) > 0) {
    const torch::Tensor points =
        Project(adversarial_.index_select(0, tried), input_.images.index_select(0, tried), norm_, epsilon);
    Offer(points, tried, Fooled(Logits(points, tried), tried));
  }
  rows = Beyond(epsilon + kRounding);
  adversarial_.index_copy_(0, rows, input_.images.index_select(0, rows));
  perturbation_.index_fill_(0, rows, kInfinity);
}

AttackOutcome Victim::Outcome() const {
  return {adversarial_, perturbation_.isfinite(), perturbation_, queries_};
}

void RequireClasses(const Classifier& classifier, AttackName attack, Aim aim) {
  const int64_t fewest = FewestClasses(attack, aim);
  if (classifier.classes < fewest)
    throw Error({.what = fmt::format("too few classes for {}{}", NameOf(attack),
                                     aim == Aim::kTarget ? " with targets" : ""),
                 .where = classifier.description,
                 .expected = fmt::format("{} or more", fewest),
                 .got = fmt::format("{}", classifier.classes),
                 .hint = "apgd-ce, fab and square need only two"});
}

void RequireCount(std::string_view name, int64_t value) {
  if (value < 1)
    throw Error({.what = "an attack cannot run with this",
                 .where = std::string(name),
                 .expected = "1 or more",
                 .got = fmt::format("{}", value),
                 .kind = ErrorKind::kUsage});
}

void RequireNumber(std::string_view name, double value) {
  if (!std::isfinite(value) || value < 0)
    throw Error({.what = "an attack cannot run with this",
                 .where = std::string(name),
                 .expected = "a finite number, 0 or more",
                 .got = fmt::format("{}", value),
                 .kind = ErrorKind::kUsage});
}

void KeepRows(const torch::Tensor& keep, std::initializer_list<torch::Tensor*> tensors) {
  for (torch::Tensor* tensor : tensors)
    if (tensor->size(0) != keep.size(0)) *tensor = tensor->index_select(0, keep);
}

}  // namespace murine
