// SPDX-License-Identifier: Apache-2.0
#include "robustness/apgd.h"

#include "robustness/victim.h"

namespace murine {
namespace {

// Of logits and the part of the batch they are of, [n].
using LossOf = std::function<torch::Tensor(const torch::Tensor& logits, const AttackInput& part)>;

torch::Tensor Dlr(const torch::Tensor& logits, const AttackInput& part) {
  return DlrLoss(logits, part.labels, part.targets);
}

// One start of APGD for what still stands.
class Ascent {
 public:
  Ascent(Victim& victim, const AttackInput& input, Norm norm, double epsilon, const ApgdOptions& options,
         LossOf loss)
      : victim_(victim),
        input_(input),
        norm_(norm),
        epsilon_(epsilon),
        options_(options),
        loss_(std::move(loss)) {}

  void Run(std::string_view purpose, int64_t attempt) {
    rows_ = victim_.Standing();
    if (rows_.size(0) == 0) return;
    part_ = SelectRows(input_, rows_);
    // From the surface of the ball.
    const torch::Tensor direction = DrawDirections(part_, norm_, options_.seed, purpose, attempt);
    Begin(Project(part_.images + epsilon_ * direction, part_.images, norm_, epsilon_));
    // The checkpoints of section 3.1: after 22 % of the steps, then ever closer, never closer than 6 %.
    const int64_t steps = options_.steps;
    int64_t interval = std::max<int64_t>(22 * steps / 100, 1), since = 0;
    for (int64_t step = 0; step < steps && rows_.size(0) > 0; ++step) {
      const torch::Tensor next =
          ApgdStep(point_, previous_, gradient_, part_.images, step_, norm_, epsilon_, step == 0 ? 1 : 0.75);
      previous_ = point_;
      point_ = next;
      Look();
      if (++since == interval) {
        Adapt(interval);
        interval =
            std::max(interval - std::max<int64_t>(3 * steps / 100, 1), std::max<int64_t>(6 * steps / 100, 1));
        since = 0;
      }
    }
  }

 private:
  void Begin(const torch::Tensor& start) {
    const torch::Tensor zeros = torch::zeros({rows_.size(0)});
    point_ = previous_ = best_point_ = start;
    step_ = zeros + 2 * epsilon_;
    rises_ = zeros;
    halved_ = torch::ones({rows_.size(0)}, torch::kBool);
    loss_at_last_ = best_loss_ = best_at_check_ = zeros - std::numeric_limits<float>::infinity();
    gradient_ = best_gradient_ = torch::zeros_like(start);
    Look();
    rises_.zero_();
    best_at_check_ = best_loss_;
  }

  // Differentiates at the point; what it fools leaves.
  void Look() {
    const auto at =
        victim_.Differentiate(point_, rows_, [&](const torch::Tensor& z) { return loss_(z, part_); });
    gradient_ = at.gradient;
    rises_ = rises_ + at.loss.gt(loss_at_last_);
    loss_at_last_ = at.loss;
    const torch::Tensor better = at.loss.gt(best_loss_), wide = PerImage(better);
    best_loss_ = torch::where(better, at.loss, best_loss_);
    best_point_ = torch::where(wide, point_, best_point_);
    best_gradient_ = torch::where(wide, gradient_, best_gradient_);

    const torch::Tensor fooled = victim_.Fooled(at.logits, rows_);
    victim_.Offer(point_, rows_, fooled);
    const torch::Tensor keep = fooled.logical_not().nonzero().squeeze(1);
    if (keep.size(0) == rows_.size(0)) return;
    part_ = SelectRows(part_, keep);
    KeepRows(keep, {&rows_, &point_, &previous_, &gradient_, &best_point_, &best_gradient_, &loss_at_last_,
                    &best_loss_, &best_at_check_, &step_, &rises_, &halved_});
  }

  // Halves the steps that rose too seldom, or that brought nothing since the last check, and sends their
  // images back to their best points (algorithm 1, conditions 1 and 2).
  void Adapt(int64_t interval) {
    const torch::Tensor seldom = rises_.le(options_.rho * static_cast<double>(interval));
    const torch::Tensor nothing = halved_.logical_not().logical_and(best_at_check_.ge(best_loss_));
    halved_ = seldom.logical_or(nothing);
    best_at_check_ = best_loss_;
    const torch::Tensor wide = PerImage(halved_);
    step_ = torch::where(halved_, step_ / 2, step_);
    point_ = torch::where(wide, best_point_, point_);
    gradient_ = torch::where(wide, best_gradient_, gradient_);
    rises_ = torch::zeros_like(rises_);
  }

  Victim& victim_;
  const AttackInput& input_;
  Norm norm_;
  double epsilon_;
  const ApgdOptions& options_;
  LossOf loss_;
  AttackInput part_;  // of what is still attacked: the images `rows_`
  torch::Tensor rows_, point_, previous_, gradient_, best_point_, best_gradient_;
  torch::Tensor loss_at_last_, best_loss_, best_at_check_, step_, rises_, halved_;  // [m]
};

}  // namespace

std::span<const EnumName<ApgdLoss>> EnumNames(ApgdLoss) {
  static constexpr std::array<EnumName<ApgdLoss>, 2> kNames{
      {{ApgdLoss::kCrossEntropy, "ce"}, {ApgdLoss::kDlr, "dlr"}}};
  return kNames;
}

torch::Tensor DlrLoss(const torch::Tensor& logits, const torch::Tensor& labels,
                      const torch::Tensor& targets) {
  const torch::Tensor sorted = std::get<0>(logits.sort(/*dim=*/1, /*descending=*/true));
  const torch::Tensor label = labels.unsqueeze(1);
  const torch::Tensor own = logits.gather(1, label).squeeze(1);
  if (targets.defined()) {
    const torch::Tensor aim = logits.gather(1, targets.unsqueeze(1)).squeeze(1);
    const torch::Tensor spread = sorted.select(1, 0) - (sorted.select(1, 2) + sorted.select(1, 3)) / 2;
    return (aim - own) / (spread + kLeast);
  }
  const torch::Tensor other =
      std::get<0>(logits.scatter(1, label, -std::numeric_limits<float>::infinity()).max(1));
  return (other - own) / (sorted.select(1, 0) - sorted.select(1, 2) + kLeast);
}

torch::Tensor ApgdStep(const torch::Tensor& point, const torch::Tensor& previous,
                       const torch::Tensor& gradient, const torch::Tensor& images, const torch::Tensor& step,
                       Norm norm, double epsilon, double momentum_share) {
  const torch::Tensor moved =
      Project(point + PerImage(step) * Steepest(gradient, norm), images, norm, epsilon);
  const torch::Tensor mixed =
      point + momentum_share * (moved - point) + (1 - momentum_share) * (point - previous);
  return Project(mixed, images, norm, epsilon);
}

AttackOutcome Apgd(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                   const ApgdOptions& options) {
  RequireUsable(options, epsilon);
  const bool dlr = options.loss == ApgdLoss::kDlr;
  if (dlr) RequireClasses(classifier, AttackName::kApgdDlr, AimOf(input));
  Victim victim(classifier, input, norm);
  Ascent ascent(victim, input, norm, epsilon, options, dlr ? Dlr : CrossEntropy);
  for (int restart = 0; restart < options.restarts && epsilon > 0; ++restart)
    ascent.Run(dlr ? "apgd-dlr" : "apgd-ce", restart);
  return victim.Outcome();
}

AttackOutcome ApgdTargeted(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                           const ApgdOptions& options) {
  RequireUsable(options, epsilon);
  RequireAim(AttackName::kAutoAttack, AimOf(input));  // APGD-T is a part of it
  RequireClasses(classifier, AttackName::kAutoAttack, AimOf(input));
  Victim victim(classifier, input, norm);
  const torch::Tensor ranked = RankedOtherClasses(victim.clean_logits(), input.labels);
  for (int64_t rank = 0; rank < std::min(options.target_classes, ranked.size(1)); ++rank) {
    AttackInput aimed = input;  // the targets are those of the loss; the victim's aim stays untargeted
    aimed.targets = ranked.select(1, rank).contiguous();
    Ascent ascent(victim, aimed, norm, epsilon, options, Dlr);
    for (int restart = 0; restart < options.restarts && epsilon > 0; ++restart)
      ascent.Run("apgd-t", rank * options.restarts + restart);
  }
  return victim.Outcome();
}

}  // namespace murine
