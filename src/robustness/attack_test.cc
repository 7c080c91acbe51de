// SPDX-License-Identifier: Apache-2.0
#include "robustness/attack.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/tensor.h"

namespace murine {
namespace {

// Two classes: the cross entropy's gradient then points straight at the boundary.
constexpr int64_t kImages = 60, kClasses = 2, kPixels = 6 * 5;

// f_k = w_k . (x - 1/2) + b_k: the least perturbation that flips it is known.
struct Linear {
  torch::Tensor weights = NormalTensor({kClasses, kPixels}, 1, RandomStream(1, "weights"));
  torch::Tensor bias = NormalTensor({kClasses}, 0.3, RandomStream(1, "bias"));
  AttackInput input;
  Classifier classifier;

  Linear() {
    classifier.classes = kClasses;
    classifier.height = 6;
    classifier.width = 5;
    classifier.logits = [this](const torch::Tensor& x) {
      return (x - 0.5).flatten(1).matmul(weights.t()) + bias;
    };
    // Far from the box's walls, so that the closed form holds.
    input.images = UniformTensor({kImages, 1, 6, 5}, 0.4, 0.6, RandomStream(1, "images"));
    input.labels = classifier.logits(input.images).argmax(1);
    input.index = torch::arange(kImages);
  }

  // min_k f_k / |w_y - w_k| in the dual norm, [n].
  torch::Tensor LeastPerturbation(Norm norm) const {
    const torch::Tensor logits = classifier.logits(input.images);
    torch::Tensor least = torch::full({kImages}, 1e9);
    for (int64_t i = 0; i < kImages; ++i) {
      const int64_t y = input.labels[i].item<int64_t>();
      for (int64_t k = 0; k < kClasses; ++k) {
        if (k == y) continue;
        const torch::Tensor w = weights[y] - weights[k];
        const torch::Tensor gap =
            (logits[i][y] - logits[i][k]) / (norm == Norm::kLinf ? w.abs().sum() : w.norm());
        least[i] = torch::minimum(least[i], gap);
      }
    }
    return least;
  }
};

int64_t Count(const torch::Tensor& mask) { return mask.sum().item<int64_t>(); }

TEST(Pgd, FlipsExactlyWhatLiesWithinEpsilon) {
  const Linear linear;
  for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
    const torch::Tensor least = linear.LeastPerturbation(norm);
    const double epsilon = least.median().item<double>() * 1.001;
    const PgdOptions options{.steps = 60, .relative_step = 0.1, .restarts = 3};
    const torch::Tensor attacked = Pgd(linear.classifier, linear.input, norm, epsilon, options);
    const torch::Tensor stands = Correct(linear.classifier, linear.input, attacked);
    EXPECT_EQ(Count(stands.logical_not().logical_and(least > epsilon * 1.0001)), 0);
    EXPECT_EQ(Count(stands.logical_and(least < epsilon * 0.9999)), 0);
    EXPECT_GT(Count(stands), 0);
  }
}

TEST(Fgsm, NeverFlipsWhatLiesBeyondEpsilon) {
  const Linear linear;
  for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
    const torch::Tensor least = linear.LeastPerturbation(norm);
    const double epsilon = least.median().item<double>() * 1.3;
    const torch::Tensor stands =
        Correct(linear.classifier, linear.input, Fgsm(linear.classifier, linear.input, norm, epsilon));
    EXPECT_EQ(Count(stands.logical_not().logical_and(least > epsilon * 1.0001)), 0);
    EXPECT_LT(Count(stands), kImages * 3 / 4);
  }
}

TEST(Attacks, StayWithinEpsilonAndTheBox) {
  Linear linear;
  linear.input.images = UniformTensor({kImages, 1, 6, 5}, 0, 1, RandomStream(2, "images"));
  linear.input.labels = linear.classifier.logits(linear.input.images).argmax(1);
  for (const Norm norm : {Norm::kLinf, Norm::kL2})
    for (const double epsilon : {0.0, 0.03, 0.5}) {
      for (const torch::Tensor& x : {Fgsm(linear.classifier, linear.input, norm, epsilon),
                                     Pgd(linear.classifier, linear.input, norm, epsilon, {.restarts = 2})}) {
        const torch::Tensor offset = (x - linear.input.images).flatten(1);
        const torch::Tensor size = norm == Norm::kLinf ? offset.abs().amax(1) : offset.norm(2, 1);
        EXPECT_LE(size.max().item<double>(), epsilon + 1e-6);
        EXPECT_GE(x.min().item<float>(), 0);
        EXPECT_LE(x.max().item<float>(), 1);
        if (epsilon == 0) {
          EXPECT_EQ(Count(Correct(linear.classifier, linear.input, x)), kImages);
        }
      }
    }
}

TEST(Pgd, DoesNotDependOnTheBatch) {
  const Linear linear;
  const torch::Tensor whole = Pgd(linear.classifier, linear.input, Norm::kLinf, 0.05, {});
  AttackInput part{linear.input.images.slice(0, 20, 33), linear.input.labels.slice(0, 20, 33),
                   linear.input.index.slice(0, 20, 33)};
  const torch::Tensor attacked = Pgd(linear.classifier, part, Norm::kLinf, 0.05, {});
  EXPECT_LT((attacked - whole.slice(0, 20, 33)).abs().max().item<float>(), 1e-6);
}

TEST(Correct, NamesTheImageWithoutFiniteLogits) {
  Linear linear;
  linear.classifier.logits = [&](const torch::Tensor& x) {
    torch::Tensor logits = torch::zeros({x.size(0), kClasses});
    logits[7][1] = NAN;
    return logits;
  };
  try {
    Correct(linear.classifier, linear.input, linear.input.images);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.parts().where, "image 7");
  }
}

}  // namespace
}  // namespace murine
