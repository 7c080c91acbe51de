// SPDX-License-Identifier: Apache-2.0
// Every attack against the closed form of the least perturbation of a linear model.
#include <gtest/gtest.h>

#include "robustness/autoattack.h"
#include "robustness/boundary.h"
#include "robustness/brendel_bethge.h"
#include "robustness/carlini_wagner.h"
#include "robustness/deepfool.h"
#include "robustness/fmn.h"
#include "robustness/linear_model.h"
#include "robustness/pgd.h"

namespace murine::attack_linear_test {

constexpr int64_t kImages = 40, kClasses = 5;
constexpr std::array<Norm, 2> kNorms{Norm::kLinf, Norm::kL2};

int64_t Count(const torch::Tensor& mask) { return mask.sum().item<int64_t>(); }

LinearModel Any() { return {kClasses, {1, 6, 6}, kImages, Images::kAny, 11}; }
LinearModel Clear() { return {kClasses, {1, 6, 6}, kImages, Images::kClear, 12}; }

// The epsilon lies beyond half of the images, close to none.
template <class Attack>
void ExpectFlipsExactly(const torch::Tensor& least, const Attack& attack, double slack = 1e-4) {
  const double epsilon = least.median().item<double>() * 1.0003;
  const torch::Tensor flipped = attack(epsilon).success;
  EXPECT_EQ(Count(flipped.logical_and(least > epsilon * (1 + 1e-4))), 0);
  EXPECT_EQ(Count(flipped.logical_not().logical_and(least < epsilon * (1 - slack))), 0);
  EXPECT_GT(Count(flipped), kImages / 4);
  EXPECT_LT(Count(flipped), kImages * 3 / 4);
}

void ExpectLeast(const torch::Tensor& least, const AttackOutcome& outcome, double tolerance) {
  EXPECT_EQ(Count(outcome.success), kImages);
  const torch::Tensor ratio = outcome.perturbation / least;
  EXPECT_GE(ratio.min().item<double>(), 1 - 1e-4);
  EXPECT_LE(ratio.max().item<double>(), 1 + tolerance);
}

TEST(LinearModel, ClosedFormIsTheLeast) {
  const LinearModel model = Any();
  for (const Norm norm : kNorms) {
    const torch::Tensor least = model.Least(norm);
    // Just beyond along the normal of the nearest class it flips; just before it no random direction does.
    const torch::Tensor directions = torch::randn({200, 1, 6, 6});
    for (int64_t i = 0; i < 5; ++i) {
      const int64_t y = model.input.labels[i].item<int64_t>();
      bool flipped = false;
      for (int64_t k = 0; k < kClasses; ++k) {
        const torch::Tensor way = (model.weights[k] - model.weights[y]).view({1, 1, 6, 6});
        const torch::Tensor step = least[i] * 1.001 * Steepest(way, norm);
        flipped =
            flipped ||
            model.classifier.logits(model.input.images[i].unsqueeze(0) + step).argmax(1).item<int64_t>() != y;
      }
      EXPECT_TRUE(flipped);
      const torch::Tensor near = model.input.images[i] + least[i] * 0.999 * Steepest(directions, norm);
      EXPECT_EQ(Count(model.classifier.logits(near).argmax(1).ne(y)), 0);
    }
  }
}

TEST(Fgsm, FlipsExactlyWhatLiesWithinEpsilonOfAClearRival) {
  const LinearModel model = Clear();
  for (const Norm norm : kNorms)
    ExpectFlipsExactly(model.Least(norm),
                       [&](double e) { return Fgsm(model.classifier, model.input, norm, e); });
}

TEST(Pgd, FlipsExactlyWhatLiesWithinEpsilonOfAClearRival) {
  const LinearModel model = Clear();
  for (const Norm norm : kNorms)
    ExpectFlipsExactly(model.Least(norm), [&](double e) {
      return Pgd(model.classifier, model.input, norm, e, {.steps = 80, .relative_step = 0.1, .restarts = 2});
    });
}

TEST(Apgd, FlipsExactlyWhatLiesWithinEpsilonOfAClearRival) {
  const LinearModel model = Clear();
  for (const ApgdLoss loss : {ApgdLoss::kCrossEntropy, ApgdLoss::kDlr})
    for (const Norm norm : kNorms)
      ExpectFlipsExactly(model.Least(norm), [&](double e) {
        return Apgd(model.classifier, model.input, norm, e, {.loss = loss});
      });
}

TEST(ApgdTargeted, FlipsExactlyWhatLiesWithinEpsilonOfAnyRival) {
  const LinearModel model = Any();
  for (const Norm norm : kNorms)
    ExpectFlipsExactly(model.Least(norm),
                       [&](double e) { return ApgdTargeted(model.classifier, model.input, norm, e, {}); });
}

TEST(FabTargeted, FlipsExactlyWhatLiesWithinEpsilonOfAnyRival) {
  const LinearModel model = Any();
  for (const Norm norm : kNorms)
    ExpectFlipsExactly(model.Least(norm), [&](double e) {
      return FabTargeted(model.classifier, model.input, norm, e, {.steps = 60});
    });
}

TEST(AutoAttack, FlipsExactlyWhatLiesWithinEpsilonOfAnyRival) {
  const LinearModel model = Any();
  for (const Norm norm : kNorms)
    ExpectFlipsExactly(model.Least(norm), [&](double e) {
      return AutoAttack(model.classifier, model.input, norm, e, {.square_queries = 20});
    });
}

TEST(Square, FlipsWhatLiesWellWithinEpsilon) {
  const LinearModel linf = Any();
  ExpectFlipsExactly(
      linf.Least(Norm::kLinf),
      [&](double e) { return Square(linf.classifier, linf.input, Norm::kLinf, e, {}); },
      /*slack=*/1 - 1 / 1.1);
  // In L2 no square is smaller than 3 x 3, and their patterns do not span weights that vary from pixel to
  // pixel: smooth weights.
  LinearModel l2(kClasses, {1, 8, 8}, kImages, Images::kAny, 13);
  l2.weights = l2.weights.view({kClasses, 1, 8, 8});
  for (int pass = 0; pass < 2; ++pass) l2.weights = 3 * torch::avg_pool2d(l2.weights, 5, 1, 2);
  l2.weights = l2.weights.view({kClasses, 64});
  l2.input.labels = l2.classifier.logits(l2.input.images).argmax(1);
  ASSERT_LT(l2.Least(Norm::kL2).max().item<double>(), 0.5);
  ExpectFlipsExactly(
      l2.Least(Norm::kL2),
      [&](double e) { return Square(l2.classifier, l2.input, Norm::kL2, e, {.restarts = 3}); },
      /*slack=*/1 - 1 / 1.1);
}

TEST(Fab, FindsTheLeast) {
  const LinearModel model = Any();
  for (const Norm norm : kNorms)
    ExpectLeast(model.Least(norm), Fab(model.classifier, model.input, norm, {.steps = 30}), 0.02);
}

TEST(DeepFool, FindsTheLeast) {
  const LinearModel model = Any();
  for (const Norm norm : kNorms)
    ExpectLeast(model.Least(norm), DeepFool(model.classifier, model.input, norm, {}), 0.02);
}

TEST(Fmn, FindsTheLeast) {
  const LinearModel model = Clear();
  for (const Norm norm : kNorms)
    ExpectLeast(model.Least(norm), Fmn(model.classifier, model.input, norm, {}), 0.02);
}

TEST(BrendelBethge, FindsTheLeast) {
  const LinearModel model = Any();
  for (const Norm norm : kNorms)
    ExpectLeast(model.Least(norm), BrendelBethge(model.classifier, model.input, norm, {}), 0.02);
}

TEST(CarliniWagner, FindsTheLeast) {
  const LinearModel model = Clear();
  ExpectLeast(model.Least(Norm::kL2),
              CarliniWagner(model.classifier, model.input, {.steps = 1500, .rate = 0.003}), 0.02);
}

TEST(Boundary, FindsTheLeast) {
  const LinearModel model = Clear();
  ExpectLeast(model.Least(Norm::kL2),
              Boundary(model.classifier, model.input, {.steps = 4000, .check_every = 2}), 0.05);
}

// The point nearest to an image where the target beats every other class: Dykstra's projections onto the
// halfspaces.
torch::Tensor NearestOfTarget(const LinearModel& model, int64_t image, int64_t target) {
  torch::Tensor x = (model.input.images[image].flatten() - 0.5).to(torch::kFloat64);
  std::vector<torch::Tensor> corrections(kClasses, torch::zeros_like(x));
  for (int round = 0; round < 500; ++round)
    for (int64_t k = 0; k < kClasses; ++k) {
      if (k == target) continue;
      const torch::Tensor w = (model.weights[target] - model.weights[k]).to(torch::kFloat64);
      const torch::Tensor from = x + corrections[static_cast<size_t>(k)];
      const torch::Tensor lead = w.dot(from) + (model.bias[target] - model.bias[k]);
      x = from - lead.clamp_max(0) / w.dot(w) * w;
      corrections[static_cast<size_t>(k)] = from - x;
    }
  return x + 0.5;
}

TEST(TargetedAttacks, FindTheLeastTowardsTheirTargets) {
  LinearModel model = Any();
  model.input.targets = ShuffledTargets(model.input.labels, kClasses, TargetShuffle::kClassWise, 1);
  std::vector<torch::Tensor> distances;
  for (int64_t i = 0; i < kImages; ++i) {
    const torch::Tensor nearest = NearestOfTarget(model, i, model.input.targets[i].item<int64_t>());
    // Outside the box the closed form does not hold.
    const bool inside = nearest.min().item<double>() > 0 && nearest.max().item<double>() < 1;
    distances.push_back(inside ? (nearest - model.input.images[i].flatten()).norm() : torch::tensor(NAN));
  }
  const torch::Tensor least = torch::stack(distances).to(torch::kFloat32);
  EXPECT_GT(Count(least.isfinite()), kImages / 2);
  for (const AttackOutcome& outcome :
       {Fab(model.classifier, model.input, Norm::kL2, {}), Fmn(model.classifier, model.input, Norm::kL2, {}),
        BrendelBethge(model.classifier, model.input, Norm::kL2, {})}) {
    EXPECT_GT(Count(outcome.success), kImages * 9 / 10);
    const torch::Tensor ratio = (outcome.perturbation / least).masked_select(least.isfinite());
    EXPECT_GE(ratio.min().item<double>(), 1 - 1e-4);
    EXPECT_LE(ratio.median().item<double>(), 1.02);
  }
}

}  // namespace murine::attack_linear_test
