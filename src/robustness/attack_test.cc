// SPDX-License-Identifier: Apache-2.0
#include "robustness/attack.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/tensor.h"
#include "robustness/pgd.h"

namespace murine::attack_test {

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
    const torch::Tensor attacked = Pgd(linear.classifier, linear.input, norm, epsilon, options).adversarial;
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
    const torch::Tensor stands = Correct(linear.classifier, linear.input,
                                         Fgsm(linear.classifier, linear.input, norm, epsilon).adversarial);
    EXPECT_EQ(Count(stands.logical_not().logical_and(least > epsilon * 1.0001)), 0);
    EXPECT_LT(Count(stands), kImages * 3 / 4);
  }
}

TEST(Targets, AreShuffledLabelsOfOtherClasses) {
  const torch::Tensor labels = torch::arange(200) % 7;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const torch::Tensor elements = ShuffledTargets(labels, 7, TargetShuffle::kElementWise, seed);
    EXPECT_EQ(Count(elements.eq(labels)), 0);
    EXPECT_TRUE(std::get<0>(elements.sort()).equal(std::get<0>(labels.sort())));  // the same labels, shuffled
    const torch::Tensor classes = ShuffledTargets(labels, 7, TargetShuffle::kClassWise, seed);
    EXPECT_EQ(Count(classes.eq(labels)), 0);
    EXPECT_TRUE(classes.slice(0, 0, 7).equal(classes.slice(0, 7, 14)));
    EXPECT_TRUE(std::get<0>(classes.slice(0, 0, 7).sort()).equal(torch::arange(7)));
  }
  const torch::Tensor alike = torch::full({5}, 2, torch::kInt64);
  EXPECT_EQ(Count(ShuffledTargets(alike, 4, TargetShuffle::kElementWise, 1).eq(2)), 0);
  EXPECT_THROW(ShuffledTargets(alike, 1, TargetShuffle::kClassWise, 1), Error);
}

TEST(NearestOfEachClass, ComesInTheOrderOfDistance) {
  constexpr int64_t kPoolClasses = 4;
  const torch::Tensor images = UniformTensor({9, 1, 3, 4}, 0, 1, RandomStream(4, "images"));
  const torch::Tensor pool = UniformTensor({30, 1, 3, 4}, 0, 1, RandomStream(4, "pool"));
  torch::Tensor allowed = UniformTensor({9, 30}, 0, 1, RandomStream(4, "allowed")) < 0.3;
  allowed[5] = false;
  const torch::Tensor classes = torch::arange(30).remainder(kPoolClasses);
  const torch::Tensor places = NearestOfEachClass(images, pool, classes, allowed, kPoolClasses);
  constexpr double kFar = 1e9;
  torch::Tensor distances = (images.flatten(1).unsqueeze(1) - pool.flatten(1).unsqueeze(0)).square().sum(2);
  distances = distances.masked_fill(allowed.logical_not(), kFar);
  for (int64_t i = 0; i < 9; ++i)
    for (int64_t rank = 0; rank < kPoolClasses; ++rank) {
      const bool none = distances[i].min().item<double>() == kFar;
      const int64_t nearest = distances[i].argmin().item<int64_t>();
      EXPECT_EQ(places[i][rank].item<int64_t>(), none ? -1 : nearest);
      distances[i].masked_fill_(classes.eq(classes[nearest]), kFar);
    }
  EXPECT_TRUE(NearestOfEachClass(images, pool, classes, allowed, 1).equal(places.slice(1, 0, 1)));
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

}  // namespace murine::attack_test
