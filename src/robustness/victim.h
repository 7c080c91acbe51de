// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <initializer_list>

#include "robustness/attack.h"
#include "robustness/test_spec.h"

namespace murine {

// The classifier under attack by one batch: it answers, counts what each image has asked, and keeps the
// smallest success of each. `rows` [m] are places of images in the batch, `points` [m, c, h, w] what they
// became.
class Victim {
 public:
  // Asks about the clean images. Error for logits that are not finite, naming the image.
  Victim(const Classifier& classifier, const AttackInput& input, Norm norm);

  const torch::Tensor& clean_logits() const { return clean_logits_; }  // [n, classes]
  const torch::Tensor& perturbation() const { return perturbation_; }  // [n]
  torch::Tensor Standing() const;                                      // rows [m] without a success yet
  torch::Tensor Beyond(double epsilon) const;  // rows [m] without a success of at most epsilon

  torch::Tensor Logits(const torch::Tensor& points, const torch::Tensor& rows);

  struct Gradient {
    torch::Tensor logits, loss, gradient;  // [m, classes], [m], like the points
  };
  // `loss` maps logits to one value an image.
  using Loss = std::function<torch::Tensor(const torch::Tensor& logits)>;
  Gradient Differentiate(const torch::Tensor& points, const torch::Tensor& rows, const Loss& loss);

  struct Jacobian {
    torch::Tensor logits, gradients;  // [m, classes], [m, k, c, h, w]
  };
  // The gradients of the logits of `classes` [m, k]; counts as k queries.
  Jacobian DifferentiateLogits(const torch::Tensor& points, const torch::Tensor& rows,
                               const torch::Tensor& classes);

  // Whether logits [m, classes] are a success for these images, [m] bool; those that are not finite never.
  torch::Tensor Fooled(const torch::Tensor& logits, const torch::Tensor& rows) const;

  // Keeps those points that are a success (`fooled` [m] bool) and smaller than what was kept before.
  void Offer(const torch::Tensor& points, const torch::Tensor& rows, const torch::Tensor& fooled);

  // Bisects between each image of `rows` and its smallest success.
  void Tighten(const torch::Tensor& rows, int64_t steps);

  // Tries successes beyond epsilon once more where they enter its ball; those that fail there are none.
  void Shorten(double epsilon);

  AttackOutcome Outcome() const;

 private:
  void Count(const torch::Tensor& rows, int64_t queries);

  const Classifier& classifier_;
  const AttackInput& input_;
  Norm norm_;
  torch::Tensor clean_logits_, adversarial_, perturbation_, queries_;
};

inline Aim AimOf(const AttackInput& input) { return input.targets.defined() ? Aim::kTarget : Aim::kAnyOther; }

// Error: fewer classes than the attack needs.
void RequireClasses(const Classifier& classifier, AttackName attack, Aim aim);

// Error kUsage for a count below 1, for a number that is negative or not finite.
void RequireCount(std::string_view name, int64_t value);
void RequireNumber(std::string_view name, double value);

// The same for every field of an attack's options, and for its budget.
template <class Options>
void RequireUsable(const Options& options, double epsilon = 0) {
  RequireNumber("epsilon", epsilon);
  Options::Visit(options, [](std::string_view name, const auto& value, std::string_view) {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_floating_point_v<T>) RequireNumber(name, value);
    if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) RequireCount(name, value);
  });
}

// Leaves the rows `keep` [k] of each tensor.
void KeepRows(const torch::Tensor& keep, std::initializer_list<torch::Tensor*> tensors);

}  // namespace murine
