// SPDX-License-Identifier: Apache-2.0
// What holds for every attack, whatever it does inside.
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/tensor.h"
#include "robustness/autoattack.h"
#include "robustness/boundary.h"
#include "robustness/brendel_bethge.h"
#include "robustness/carlini_wagner.h"
#include "robustness/deepfool.h"
#include "robustness/fmn.h"
#include "robustness/linear_model.h"
#include "robustness/pgd.h"

namespace murine::attack_outcome_test {

int64_t Count(const torch::Tensor& mask) { return mask.sum().item<int64_t>(); }

using BudgetAttack = std::function<AttackOutcome(const AttackInput&, Norm, double epsilon)>;

// Every attack with a budget, few steps each.
std::vector<std::pair<std::string, BudgetAttack>> BudgetAttacks(const Classifier& classifier) {
  return {
      {"fgsm", [&](const AttackInput& x, Norm norm, double e) { return Fgsm(classifier, x, norm, e); }},
      {"pgd", [&](const AttackInput& x, Norm norm,
                  double e) { return Pgd(classifier, x, norm, e, {.steps = 7, .restarts = 2}); }},
      {"apgd-ce", [&](const AttackInput& x, Norm norm,
                      double e) { return Apgd(classifier, x, norm, e, {.steps = 12, .restarts = 2}); }},
      {"apgd-dlr",
       [&](const AttackInput& x, Norm norm, double e) {
         return Apgd(classifier, x, norm, e, {.loss = ApgdLoss::kDlr, .steps = 12});
       }},
      {"apgd-t", [&](const AttackInput& x, Norm norm,
                     double e) { return ApgdTargeted(classifier, x, norm, e, {.steps = 8}); }},
      {"fab-t", [&](const AttackInput& x, Norm norm,
                    double e) { return FabTargeted(classifier, x, norm, e, {.steps = 4, .restarts = 2}); }},
      {"square", [&](const AttackInput& x, Norm norm,
                     double e) { return Square(classifier, x, norm, e, {.queries = 40, .restarts = 2}); }},
      {"autoattack", [&](const AttackInput& x, Norm norm, double e) {
         return AutoAttack(classifier, x, norm, e, {.steps = 6, .square_queries = 20});
       }}};
}

// Every attack for the least perturbation, few steps each; the norm is L2 for those that are L2 by
// definition.
std::vector<std::pair<std::string, BudgetAttack>> MinimalAttacks(const Classifier& classifier) {
  return {{"fab", [&](const AttackInput& x, Norm norm,
                      double) { return Fab(classifier, x, norm, {.steps = 5, .restarts = 2}); }},
          {"fmn",
           [&](const AttackInput& x, Norm norm, double) { return Fmn(classifier, x, norm, {.steps = 20}); }},
          {"deepfool",
           [&](const AttackInput& x, Norm norm, double) { return DeepFool(classifier, x, norm, {}); }},
          {"brendel-bethge",
           [&](const AttackInput& x, Norm norm, double) {
             return BrendelBethge(classifier, x, norm, {.steps = 15, .blends = 10});
           }},
          {"boundary",
           [&](const AttackInput& x, Norm, double) {
             return Boundary(classifier, x, {.steps = 60, .check_every = 2, .blends = 10});
           }},
          {"cw", [&](const AttackInput& x, Norm, double) {
             return CarliniWagner(classifier, x, {.searches = 3, .steps = 40, .constant = 0.1});
           }}};
}

std::vector<std::pair<std::string, BudgetAttack>> AllAttacks(const Classifier& classifier) {
  auto attacks = BudgetAttacks(classifier);
  for (auto& attack : MinimalAttacks(classifier)) attacks.push_back(std::move(attack));
  return attacks;
}

bool OnlyL2(const std::string& name) { return name == "boundary" || name == "cw"; }

// Images anywhere in the box, some of them labelled wrongly.
struct AnyImages : LinearModel {
  AnyImages() : LinearModel(5, {2, 6, 5}, 24, Images::kAny, 4) {
    input.images = UniformTensor({24, 2, 6, 5}, 0, 1, RandomStream(2, "images"));
    input.labels = classifier.logits(input.images).argmax(1);
    input.labels[3] = (input.labels[3] + 1) % 5;
    input.labels[9] = (input.labels[9] + 1) % 5;
  }
};

TEST(Attacks, OutcomesAreWhatTheySayTheyAre) {
  const AnyImages model;
  const torch::Tensor right = Correct(model.classifier, model.input, model.input.images);
  for (const auto& [name, attack] : AllAttacks(model.classifier))
    for (const Norm norm : {Norm::kLinf, Norm::kL2})
      for (const double epsilon : {0.0, 0.02, 0.3}) {
        if (OnlyL2(name) && norm == Norm::kLinf) continue;
        SCOPED_TRACE(name + (norm == Norm::kLinf ? " linf " : " l2 ") + std::to_string(epsilon));
        const AttackOutcome outcome = attack(model.input, norm, epsilon);
        const torch::Tensor sizes = Sizes(outcome.adversarial - model.input.images, norm);
        EXPECT_GE(outcome.adversarial.min().item<float>(), 0);
        EXPECT_LE(outcome.adversarial.max().item<float>(), 1);
        const torch::Tensor flipped =
            Correct(model.classifier, model.input, outcome.adversarial).logical_not();
        EXPECT_TRUE(flipped.equal(outcome.success));
        EXPECT_TRUE(outcome.success.logical_or(right).all().item<bool>());
        EXPECT_TRUE(outcome.success.equal(outcome.perturbation.isfinite()));
        EXPECT_TRUE(
            outcome.success.logical_and(sizes != outcome.perturbation).logical_not().all().item<bool>());
        EXPECT_EQ(sizes.masked_select(right.logical_not()).sum().item<float>(), 0);
        EXPECT_EQ(sizes.masked_select(outcome.success.logical_not()).sum().item<float>(), 0);
        EXPECT_GE(outcome.queries.min().item<int64_t>(), 1);
        // Nothing was asked about an image that was wrong from the start.
        EXPECT_EQ(outcome.queries.masked_select(right.logical_not()).max().item<int64_t>(), 1);
        const bool minimal =
            name == "fab" || name == "fmn" || name == "deepfool" || name == "brendel-bethge" || OnlyL2(name);
        if (minimal) {
          EXPECT_GT(Count(outcome.success), 20);
          continue;
        }
        EXPECT_LE(sizes.max().item<double>(), epsilon + 1e-6);
        if (epsilon == 0) {
          EXPECT_EQ(Count(outcome.success), 2);
        }
      }
}

TEST(Attacks, DoNotDependOnTheBatch) {
  const AnyImages model;
  for (const auto& [name, attack] : AllAttacks(model.classifier))
    for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
      SCOPED_TRACE(name + (norm == Norm::kLinf ? " linf" : " l2"));
      const AttackOutcome whole = attack(model.input, norm, 0.03);
      for (const auto& [first, last] : {std::pair{7, 8}, {15, 24}}) {
        const AttackOutcome part = attack(SelectRows(model.input, torch::arange(first, last)), norm, 0.03);
        EXPECT_TRUE(part.adversarial.equal(whole.adversarial.slice(0, first, last)));
        EXPECT_TRUE(part.perturbation.equal(whole.perturbation.slice(0, first, last)));
        EXPECT_TRUE(part.queries.equal(whole.queries.slice(0, first, last)));
      }
    }
}

TEST(Attacks, TargetedEndInTheirTargets) {
  AnyImages model;
  model.input.targets = ShuffledTargets(model.input.labels, 5, TargetShuffle::kElementWise, /*seed=*/3);
  // Any image of the target's class is a start.
  const torch::Tensor predictions = model.classifier.logits(model.input.images).argmax(1);
  const torch::Tensor& images = model.input.images;
  const torch::Tensor allowed = predictions.eq(model.input.targets.unsqueeze(1));
  const torch::Tensor places = NearestOfEachClass(images, images, predictions, allowed, /*k=*/1);
  model.input.starts = images.index_select(0, places.squeeze(1).clamp_min(0)).unsqueeze(1);
  const int64_t hit_when_clean = Count(predictions.eq(model.input.targets));
  for (const auto& [name, attack] : AllAttacks(model.classifier))
    for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
      SCOPED_TRACE(name + (norm == Norm::kLinf ? " linf" : " l2"));
      if (name == "apgd-t" || name == "fab-t" || name == "autoattack" || name == "deepfool") {
        EXPECT_THROW(attack(model.input, norm, 0.3), Error);
        continue;
      }
      const AttackOutcome outcome = attack(model.input, norm, norm == Norm::kLinf ? 0.3 : 3);
      const torch::Tensor taken_for = model.classifier.logits(outcome.adversarial).argmax(1);
      EXPECT_TRUE(taken_for.eq(model.input.targets).equal(outcome.success));
      EXPECT_GT(Count(outcome.success), std::max<int64_t>(hit_when_clean, name == "square" ? 6 : 18));
    }
}

TEST(Attacks, RestartsAndAutoAttackOnlyAdd) {
  const AnyImages model;
  const auto standing = [&](const AttackOutcome& outcome) { return Count(outcome.success.logical_not()); };
  for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
    const double epsilon = norm == Norm::kLinf ? 0.02 : 0.12;
    const auto subset = [](const AttackOutcome& less, const AttackOutcome& more) {
      return less.success.logical_and(more.success.logical_not()).any().item<bool>() == false;
    };
    const auto pgd = [&](int restarts) {
      return Pgd(model.classifier, model.input, norm, epsilon, {.steps = 2, .restarts = restarts});
    };
    const auto apgd = [&](int restarts) {
      return Apgd(model.classifier, model.input, norm, epsilon, {.steps = 4, .restarts = restarts});
    };
    const auto square = [&](int restarts) {
      return Square(model.classifier, model.input, norm, epsilon, {.queries = 6, .restarts = restarts});
    };
    EXPECT_TRUE(subset(pgd(1), pgd(5)));
    EXPECT_TRUE(subset(apgd(1), apgd(5)));
    EXPECT_TRUE(subset(square(1), square(5)));
    const AttackOutcome all =
        AutoAttack(model.classifier, model.input, norm, epsilon, {.steps = 4, .square_queries = 6});
    EXPECT_TRUE(subset(apgd(1), all));
    EXPECT_TRUE(subset(square(1), all));
    EXPECT_GT(standing(all), 0);
    EXPECT_LT(standing(all), standing(square(1)));
    // Found by none of the attacks: what stands, and what was wrong from the start.
    EXPECT_EQ(Count(all.found_by.lt(0)), standing(all) + 2);
    // Only survivors were asked about by the last attack.
    EXPECT_LT(all.queries.masked_select(all.found_by.eq(0)).max().item<int64_t>(),
              all.queries.masked_select(all.success.logical_not()).min().item<int64_t>());
  }
}

TEST(Attacks, RefuseTooFewClasses) {
  const LinearModel three(3, {1, 4, 4}, 5, Images::kAny, 1);
  EXPECT_THROW(AutoAttack(three.classifier, three.input, Norm::kL2, 0.1, {}), Error);
  EXPECT_THROW(ApgdTargeted(three.classifier, three.input, Norm::kL2, 0.1, {}), Error);
  const LinearModel two(2, {1, 4, 4}, 5, Images::kAny, 1);
  EXPECT_THROW(Apgd(two.classifier, two.input, Norm::kL2, 0.1, {.loss = ApgdLoss::kDlr}), Error);
  EXPECT_EQ(Count(Apgd(two.classifier, two.input, Norm::kL2, 9, {}).success), 5);
}

TEST(Attacks, NameTheImageWithoutFiniteLogits) {
  LinearModel model(4, {1, 4, 4}, 9, Images::kAny, 1);
  const auto honest = model.classifier.logits;
  model.classifier.logits = [&](const torch::Tensor& x) {
    const torch::Tensor logits = honest(x).clone();
    if (x.size(0) == 9) logits[7][1] = NAN;
    return logits;
  };
  for (const auto& [name, attack] : AllAttacks(model.classifier)) {
    SCOPED_TRACE(name);
    try {
      attack(model.input, Norm::kL2, 0.1);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.parts().where, "image 7");
    }
  }
}

// No noise image is ever taken for class 2: images with that target have no start, the others do.
TEST(Attacks, GoOnWithoutTheImagesThatHaveNoStart) {
  LinearModel model(4, {1, 4, 4}, 6, Images::kAny, 1);
  model.classifier.logits = [](const torch::Tensor& x) {
    const torch::Tensor brightness = x.flatten(1).mean(1);
    return torch::stack({0.5 - brightness, brightness - 0.5, brightness - 2, brightness - 3}, 1);
  };
  model.input.images = UniformTensor({6, 1, 4, 4}, 0.3, 0.4, RandomStream(3, "images"));
  model.input.labels = torch::zeros({6}, torch::kInt64);
  model.input.targets = torch::tensor({1, 1, 1, 1, 2, 1}, torch::kInt64);
  const auto expect = [](const AttackOutcome& outcome, int64_t queries) {
    EXPECT_FALSE(outcome.success[4].item<bool>());
    EXPECT_TRUE(std::isinf(outcome.perturbation[4].item<float>()));
    EXPECT_EQ(outcome.queries[4].item<int64_t>(), queries);
    EXPECT_EQ(Count(outcome.success), 5);
  };
  // The clean image and 50 of noise; and a gradient and 7 points along it, and 20 of each on the path.
  expect(Boundary(model.classifier, model.input, {.steps = 20, .directions = 50}), 51);
  expect(BrendelBethge(model.classifier, model.input, Norm::kL2, {.steps = 5, .directions = 50}), 99);
}

TEST(Attacks, RefuseWhatNoAttackCanRunWith) {
  const AnyImages model;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [name, attack] : BudgetAttacks(model.classifier))
    for (const double epsilon : {-0.1, nan, std::numeric_limits<double>::infinity()}) {
      SCOPED_TRACE(name);
      EXPECT_THROW(attack(model.input, Norm::kLinf, epsilon), Error);
    }
  const Classifier& classifier = model.classifier;
  const AttackInput& input = model.input;
  const Norm norm = Norm::kL2;
  EXPECT_THROW(Pgd(classifier, input, norm, 0.1, {.relative_step = nan}), Error);
  EXPECT_THROW(Apgd(classifier, input, norm, 0.1, {.restarts = 0}), Error);
  EXPECT_THROW(ApgdTargeted(classifier, input, norm, 0.1, {.target_classes = 0}), Error);
  EXPECT_THROW(Square(classifier, input, norm, 0.1, {.share = -1}), Error);
  EXPECT_THROW(FabTargeted(classifier, input, norm, 0.1, {.eta = nan}), Error);
  EXPECT_THROW(AutoAttack(classifier, input, norm, 0.1, {.square_queries = -5}), Error);
  EXPECT_THROW(Fab(classifier, input, norm, {.steps = 0}), Error);
  EXPECT_THROW(Fmn(classifier, input, norm, {.gamma = -0.05}), Error);
  EXPECT_THROW(DeepFool(classifier, input, norm, {.candidates = 0}), Error);
  EXPECT_THROW(BrendelBethge(classifier, input, norm, {.decays = 0}), Error);
  EXPECT_THROW(Boundary(classifier, input, {.check_every = 0}), Error);
  EXPECT_THROW(CarliniWagner(classifier, input, {.constant = nan}), Error);
  try {
    Boundary(classifier, input, {.steps = -3});
    FAIL() << "a negative number of steps was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_EQ(error.parts().where, "steps");
    EXPECT_EQ(error.parts().got, "-3");
  }
}

}  // namespace murine::attack_outcome_test
