// SPDX-License-Identifier: Apache-2.0
// The attacks against one another on a small trained network, where no closed form is known.
#include <gtest/gtest.h>

#include "nn/tensor.h"
#include "robustness/autoattack.h"
#include "robustness/boundary.h"
#include "robustness/brendel_bethge.h"
#include "robustness/carlini_wagner.h"
#include "robustness/deepfool.h"
#include "robustness/fmn.h"
#include "robustness/pgd.h"

namespace murine::attack_network_test {

constexpr int64_t kImages = 100, kClasses = 5, kSide = 8, kHidden = 24;

// Two layers, trained on noisy prototypes.
struct Network {
  AttackInput input;
  Classifier classifier;
  torch::Tensor first = NormalTensor({kSide * kSide, kHidden}, 0.3, RandomStream(1, "first"));
  torch::Tensor second = NormalTensor({kHidden, kClasses}, 0.3, RandomStream(1, "second"));

  Network() {
    classifier.classes = kClasses;
    classifier.height = classifier.width = kSide;
    classifier.logits = [this](const torch::Tensor& x) {
      return (3 * (x.flatten(1) - 0.5)).matmul(first).tanh().matmul(second);
    };
    const torch::Tensor prototypes =
        UniformTensor({kClasses, 1, kSide, kSide}, 0.35, 0.65, RandomStream(1, "prototypes"));
    input.labels = torch::arange(kImages) % kClasses;
    input.index = torch::arange(kImages);
    input.images = (prototypes.index_select(0, input.labels) +
                    NormalTensor({kImages, 1, kSide, kSide}, 0.15, RandomStream(1, "noise")))
                       .clamp(0, 1);
    for (torch::Tensor* weights : {&first, &second}) weights->set_requires_grad(true);
    for (int step = 0; step < 150; ++step) {
      const torch::Tensor loss = torch::cross_entropy_loss(classifier.logits(input.images), input.labels);
      const auto gradients = torch::autograd::grad({loss}, {first, second});
      first.set_data(first.detach() - 0.5 * gradients[0]);
      second.set_data(second.detach() - 0.5 * gradients[1]);
    }
    first = first.detach();
    second = second.detach();
  }

  double Accuracy(const AttackOutcome& outcome) const {
    EXPECT_GT(Correct(classifier, input, input.images).sum().item<int64_t>(), kImages * 8 / 10);
    return 1 - static_cast<double>(outcome.success.sum().item<int64_t>()) / kImages;
  }
};

double Median(const AttackOutcome& outcome) { return outcome.perturbation.median().item<double>(); }

// One image of a hundred, and what rounding adds to the difference of two shares.
constexpr double kPoint = 0.0101;

TEST(AttacksOnANetwork, StandInTheirOrder) {
  const Network network;
  const auto& [classifier, input] = std::tie(network.classifier, network.input);
  for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
    SCOPED_TRACE(norm == Norm::kLinf ? "linf" : "l2");
    double last = 1;
    for (const double share : {0.6, 1.5}) {
      const double epsilon = share * (norm == Norm::kLinf ? 0.035 : 0.25);
      SCOPED_TRACE(epsilon);
      const double fgsm = network.Accuracy(Fgsm(classifier, input, norm, epsilon));
      const double pgd = network.Accuracy(Pgd(classifier, input, norm, epsilon, {}));
      const double longer =
          network.Accuracy(Pgd(classifier, input, norm, epsilon, {.steps = 60, .relative_step = 0.0417}));
      const double ce = network.Accuracy(Apgd(classifier, input, norm, epsilon, {}));
      const double dlr = network.Accuracy(Apgd(classifier, input, norm, epsilon, {.loss = ApgdLoss::kDlr}));
      const double all =
          network.Accuracy(AutoAttack(classifier, input, norm, epsilon, {.square_queries = 100}));
      const double square = network.Accuracy(Square(classifier, input, norm, epsilon, {.queries = 200}));
      EXPECT_LE(pgd, fgsm + kPoint);
      EXPECT_LE(longer, pgd + kPoint);
      EXPECT_LE(ce, pgd + kPoint);
      EXPECT_LE(dlr, pgd + kPoint);
      EXPECT_LE(all, std::min(ce, dlr));
      EXPECT_LE(all, square);
      EXPECT_GT(all, 0.02);
      EXPECT_LE(all, last);
      last = all;
    }
    EXPECT_LT(last, 0.6);
  }
}

TEST(AttacksOnANetwork, AgreeOnTheLeast) {
  const Network network;
  const auto& [classifier, input] = std::tie(network.classifier, network.input);
  for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
    SCOPED_TRACE(norm == Norm::kLinf ? "linf" : "l2");
    const double least = Median(BrendelBethge(classifier, input, norm, {}));
    EXPECT_GT(least, 0);
    EXPECT_NEAR(Median(Fmn(classifier, input, norm, {})), least, 0.05 * least);
    EXPECT_NEAR(Median(Fab(classifier, input, norm, {})), least, 0.05 * least);
    // One linearization after the other, never back along the boundary: not quite the least.
    const double deep = Median(DeepFool(classifier, input, norm, {}));
    EXPECT_GE(deep, 0.99 * least);
    EXPECT_LE(deep, 1.3 * least);
    // Half of the images fall at the median: the budget attacks agree with the minimal ones, but for the
    // images within some 5 % of it.
    EXPECT_NEAR(network.Accuracy(Apgd(classifier, input, norm, least, {})), 0.5, 0.05);
  }
  const double least = Median(BrendelBethge(classifier, input, Norm::kL2, {}));
  EXPECT_NEAR(Median(CarliniWagner(classifier, input, {.steps = 300})), least, 0.05 * least);
  AttackInput some = SelectRows(input, torch::arange(20));
  const double few = Median(BrendelBethge(classifier, some, Norm::kL2, {}));
  EXPECT_NEAR(Median(Boundary(classifier, some, {.steps = 8000, .check_every = 2})), few, 0.15 * few);
}

}  // namespace murine::attack_network_test
