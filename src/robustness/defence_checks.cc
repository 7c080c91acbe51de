// SPDX-License-Identifier: Apache-2.0
#include "robustness/defence_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/numbers.h"
#include "robustness/intervals.h"
#include "robustness/pgd.h"

namespace murine {
namespace {

constexpr double kTolerance =
    1e-3;                        // of logits, relative to 1 + their size: sums in another order differ less
constexpr double kShare = 0.05;  // of the images, from which on a sign is no accident

Json Suspicion(const char* check, std::string text) { return {{"check", check}, {"text", std::move(text)}}; }

bool Differ(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).abs() > kTolerance * (1 + b.abs())).any().item<bool>();
}

// [n] bool: the gradient of the label's logit minus the best other one is zero everywhere.
torch::Tensor FlatMargin(const Classifier& classifier, const AttackInput& input) {
  const torch::AutoGradMode enabled(true);
  const torch::Tensor x = input.images.detach().clone().set_requires_grad(true);
  const torch::Tensor logits = classifier.logits(x);
  const torch::Tensor labels = input.labels.unsqueeze(1);
  const torch::Tensor others = logits.scatter(1, labels, -1e30).amax(1);
  const torch::Tensor margin = (logits.gather(1, labels).squeeze(1) - others).sum();
  // a model whose outputs do not hang on its inputs by anything that can be differentiated
  if (!margin.requires_grad()) return torch::ones({x.size(0)}, torch::kBool);
  const torch::Tensor gradient =
      torch::autograd::grad({margin}, {x}, {}, /*retain_graph=*/{}, /*create_graph=*/false,
                            /*allow_unused=*/true)[0];
  if (!gradient.defined()) return torch::ones({x.size(0)}, torch::kBool);
  return gradient.flatten(1).abs().amax(1).eq(0);
}

double Share(const torch::Tensor& mask) { return mask.to(torch::kFloat64).mean().item<double>(); }

// In float, a point of the ball can measure as much more as the rounding of a pixel near 1.
bool Fools(const AttackRun& run, size_t image, double epsilon) {
  constexpr double kRounding = 1e-6;
  return run.records->success[image] == '1' && run.records->perturbation[image] <= epsilon + kRounding;
}

// Of the images that are right without an attack.
std::optional<double> MedianPerturbation(const AttackRun& run, const Records& clean) {
  std::vector<double> sizes;
  for (size_t i = 0; i < clean.size(); ++i)
    if (clean.correct[i] == '1') sizes.push_back(run.records->perturbation[i]);
  if (sizes.empty()) return {};
  std::sort(sizes.begin(), sizes.end());
  return Quantile(sizes, 0.5);
}

std::vector<const AttackRun*> Select(const std::vector<AttackRun>& runs, Norm norm, bool black_box) {
  std::vector<const AttackRun*> selected;
  for (const AttackRun& run : runs)
    if (run.norm == norm && run.black_box == black_box && (black_box || !run.one_step))
      selected.push_back(&run);
  return selected;
}

void CompareAtEpsilon(const std::vector<AttackRun>& runs, Norm norm, double epsilon, const Records& clean,
                      std::vector<Json>& suspicions) {
  const auto applies = [&](const AttackRun* run) { return !run->epsilon || *run->epsilon == epsilon; };
  const auto black = Select(runs, norm, true), white = Select(runs, norm, false);
  if (std::none_of(black.begin(), black.end(), applies) || std::none_of(white.begin(), white.end(), applies))
    return;
  const auto fooled = [&](const auto& attacks, size_t i) {
    return std::any_of(attacks.begin(), attacks.end(),
                       [&](const AttackRun* run) { return applies(run) && Fools(*run, i, epsilon); });
  };
  int64_t only_black = 0;
  for (size_t i = 0; i < clean.size(); ++i)
    only_black += clean.correct[i] == '1' && fooled(black, i) && !fooled(white, i);
  if (static_cast<double>(only_black) <= std::max(1.0, 0.01 * static_cast<double>(clean.size()))) return;
  suspicions.push_back(Suspicion(
      "black-box-stronger",
      fmt::format("at {} {:.4g}, {} images fall to attacks that see no gradient and to none that does: "
                  "gradients are suspected to be masked, or the attacks with gradients had too few steps",
                  NameOf(norm), epsilon, only_black)));
}

}  // namespace

std::vector<Json> SuspectModel(const Classifier& classifier, const AttackInput& sample, uint64_t seed) {
  std::vector<Json> suspicions;
  torch::Tensor logits;
  {
    torch::NoGradGuard no_grad;
    logits = classifier.logits(sample.images);
    if (Differ(logits, classifier.logits(sample.images)))
      suspicions.push_back(
          Suspicion("random-outputs",
                    "two calls on the same images give different outputs: attacks on a random "
                    "model need the expectation over its draws, which these do not take"));
  }
  const torch::Tensor sums = (logits.sum(1) - 1).abs();
  if ((logits >= 0).all().item<bool>() && (sums < kTolerance).all().item<bool>())
    suspicions.push_back(
        Suspicion("softmaxed-outputs",
                  "outputs are positive and have the sum 1: they are suspected to be "
                  "probabilities, whose gradients vanish; attack the logits before the softmax"));
  const torch::Tensor right = logits.argmax(1).eq(sample.labels).nonzero().squeeze(1);
  if (right.size(0) == 0) return suspicions;
  const AttackInput standing = SelectRows(sample, right);
  const torch::Tensor flat = FlatMargin(classifier, standing);
  if (Share(flat) >= kShare) {
    suspicions.push_back(
        Suspicion("zero-gradients",
                  fmt::format("{:.0f} % of the images have a gradient of exactly zero: it is suspected to be "
                              "masked; trust attacks without gradients (square, boundary) alone",
                              100 * Share(flat))));
    if (flat.all().item<bool>()) return suspicions;
  } else {
    const torch::Tensor silent =
        InputGradient(classifier, standing.images, standing.labels).flatten(1).abs().amax(1).eq(0);
    if (Share(silent) >= kShare)
      suspicions.push_back(Suspicion(
          "saturated-loss",
          fmt::format("the cross entropy of {:.0f} % of the images has no gradient though their logits have: "
                      "logits are suspected to be scaled up; fgsm, pgd and apgd-ce are blind, trust apgd-dlr",
                      100 * Share(silent))));
  }
  constexpr int kSteps = 50;
  AttackInput untargeted = standing;
  untargeted.targets = torch::Tensor();
  const AttackOutcome outcome = Pgd(classifier, untargeted, Norm::kLinf, /*epsilon=*/1,
                                    {.steps = kSteps, .relative_step = 2.5 / kSteps, .seed = seed});
  const double withstand = Share(outcome.success.logical_not());
  if (withstand >= kShare)
    suspicions.push_back(
        Suspicion("unbounded-attack-fails",
                  fmt::format("{:.0f} % of the images withstand PGD that may change every pixel to anything: "
                              "gradients are suspected to lead nowhere",
                              100 * withstand)));
  return suspicions;
}

std::vector<Json> SuspectAttacks(const std::vector<AttackRun>& runs, const Records& clean) {
  std::vector<Json> suspicions;
  for (const auto& [norm, name] : EnumNames(Norm{})) {
    std::set<double> epsilons;
    for (const AttackRun& run : runs)
      if (run.norm == norm && run.epsilon) epsilons.insert(*run.epsilon);
    for (const double epsilon : epsilons) CompareAtEpsilon(runs, norm, epsilon, clean, suspicions);
    std::optional<double> black, white;
    for (const AttackRun& run : runs) {
      if (run.norm != norm || run.epsilon) continue;
      std::optional<double>& best = run.black_box ? black : white;
      const std::optional<double> median = MedianPerturbation(run, clean);
      if (median && (!best || *median < *best)) best = median;
    }
    constexpr double kClearlyLess = 0.95;
    if (black && white && *black < kClearlyLess * *white)
      suspicions.push_back(Suspicion(
          "black-box-stronger",
          fmt::format(
              "the median {} perturbation is {:.4g} without gradients and {:.4g} with them: gradients "
              "are suspected to be masked",
              name, *black, *white)));
  }
  return suspicions;
}

void RequireEvaluationMode(const Classifier& classifier, const torch::Tensor& images) {
  if (images.size(0) < 2) return;
  torch::NoGradGuard no_grad;
  const torch::Tensor together = classifier.logits(images);
  if (Differ(together, classifier.logits(images))) return;  // random: another fault, with its own warning
  for (int64_t i = 0; i < std::min<int64_t>(images.size(0), 4); ++i)
    if (Differ(classifier.logits(images.slice(0, i, i + 1)), together.slice(0, i, i + 1)))
      throw Error({.what = "the model's output for an image depends on the other images of its batch",
                   .where = fmt::format("image {}", i),
                   .hint = "it is in training mode: save it after model.eval()"});
}

}  // namespace murine
