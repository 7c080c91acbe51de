// SPDX-License-Identifier: Apache-2.0
#include "train/similarity_loss.h"

#include <gmock/gmock.h>

#include <cmath>

#include "nn/tensor.h"

namespace murine::similarity_loss_test {

constexpr std::array<int64_t, kStages> kChannels = {2, 2, 3, 3, 4};

std::array<torch::Tensor, kStages> RandomStages(uint64_t seed, int64_t images) {
  std::array<torch::Tensor, kStages> stages;
  for (int k = 0; k < kStages; ++k)
    stages[k] = NormalTensor({images, kChannels[k], 4, 5 - k / 2}, 1, RandomStream(seed, "stages", 0, k));
  return stages;
}

// The formula of docs/metrics.md with plain loops in double precision.
double PlainCosine(const torch::Tensor& features, const std::vector<double>& mean, int64_t i, int64_t j) {
  double product = 0, first = 0, second = 0;
  const auto values = features.accessor<float, 4>();
  for (int64_t c = 0; c < features.size(1); ++c)
    for (int64_t y = 0; y < features.size(2); ++y)
      for (int64_t x = 0; x < features.size(3); ++x) {
        const double a = values[i][c][y][x] - mean[c], b = values[j][c][y][x] - mean[c];
        product += a * b;
        first += a * a;
        second += b * b;
      }
  return product / std::sqrt(first * second);
}

std::vector<double> ChannelMean(const torch::Tensor& features) {
  const auto means = ToNdArray(features.mean({0, 2, 3})).values;
  return {means.begin(), means.end()};
}

TEST(StageSimilarity, IsTheWeightedMeanOfTheStagesCosines) {
  StageSimilarity similarity(kChannels);
  {
    torch::NoGradGuard no_grad;
    similarity->stage_logits().copy_(torch::tensor({0.f, 1.f, -1.f, 0.5f, 2.f}));
  }
  const std::vector<Pair> pairs = {{0, 1}, {2, 3}, {0, 3}};
  const auto first = RandomStages(1, 4), second = RandomStages(2, 4);
  similarity(first, pairs);
  const torch::Tensor result = similarity(second, pairs);
  const auto weights = ToNdArray(similarity->StageWeights()).values;
  for (size_t p = 0; p < pairs.size(); ++p) {
    double expected = 0;
    for (int k = 0; k < kStages; ++k) {
      std::vector<double> mean = ChannelMean(first[k]);  // the first batch starts the mean ...
      const std::vector<double> next = ChannelMean(second[k]);
      for (size_t c = 0; c < mean.size(); ++c) mean[c] = 0.9 * mean[c] + 0.1 * next[c];  // ... then it runs
      expected += weights[k] * PlainCosine(second[k], mean, pairs[p].first, pairs[p].second);
    }
    EXPECT_NEAR(result[static_cast<int64_t>(p)].item<float>(), expected, 1e-5);
  }
}

TEST(SimilarityLoss, ClosedForm) {
  const torch::Tensor similarity = torch::tensor({std::tanh(0.5f), std::tanh(-1.f)});
  const torch::Tensor target = torch::tensor({std::tanh(0.2f), std::tanh(0.f)});
  EXPECT_NEAR(SimilarityLoss(similarity, target, 1e-5).item<float>(), (0.09 + 1) / 2, 1e-5);
  const double limit = std::atanh(0.99);
  EXPECT_NEAR(SimilarityLoss(torch::zeros({1}), torch::ones({1}), 0.01).item<float>(), limit * limit, 1e-4);
}

TEST(SimilarityLoss, GradientAgainstFiniteDifferences) {
  const auto options = torch::TensorOptions(torch::kFloat64);
  torch::Tensor features = torch::tensor({{0.3, -1.2, 0.8}, {0.9, 0.4, -0.5}, {-0.7, 0.1, 1.1}}, options);
  const torch::Tensor target = torch::tensor({0.2, -0.6}, options);
  const std::vector<Pair> pairs = {{0, 1}, {1, 2}};
  const auto loss = [&](const torch::Tensor& f) {
    return SimilarityLoss(PairCosines(f, pairs), target, 1e-5);
  };
  torch::Tensor traced = features.clone().set_requires_grad(true);
  loss(traced).backward();
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 3; ++j) {
      torch::Tensor up = features.clone(), down = features.clone();
      up[i][j] += 1e-6;
      down[i][j] -= 1e-6;
      const double difference = (loss(up) - loss(down)).item<double>() / 2e-6;
      EXPECT_NEAR(traced.grad()[i][j].item<double>(), difference, 1e-6);
    }
}

// oneDNN's product of all rows against libtorch's in double, forward and backward.
TEST(PairCosines, FloatAgainstDouble) {
  constexpr uint64_t kSeed = 11;
  const torch::Tensor features = NormalTensor({9, 1000}, 1, RandomStream(kSeed, "features"));
  std::vector<Pair> pairs;
  for (int64_t i = 0; i < 9; ++i)
    for (int64_t j = 0; j < i; ++j) pairs.emplace_back(i, j);
  const torch::Tensor weights = NormalTensor({36}, 1, RandomStream(kSeed, "weights"));
  torch::Tensor single = features.clone().set_requires_grad(true),
                exact = features.to(torch::kFloat64).set_requires_grad(true);
  const torch::Tensor a = PairCosines(single, pairs), b = PairCosines(exact, pairs);
  (a * weights).sum().backward();
  (b * weights).sum().backward();
  EXPECT_LT((a - b).abs().max().item<double>(), 1e-6) << "seed " << kSeed;
  EXPECT_LT((single.grad() - exact.grad()).abs().max().item<double>(), 1e-6) << "seed " << kSeed;
}

TEST(StageSimilarity, MeansAreNotDifferentiated) {
  StageSimilarity similarity(kChannels);
  auto stages = RandomStages(3, 2);
  stages[0].set_requires_grad(true);
  const std::vector<Pair> pairs = {{0, 1}};
  torch::Tensor result = similarity(stages, pairs);
  result.sum().backward();
  // With the mean held constant, the gradient of a cosine is orthogonal to the centred features.
  const torch::Tensor centred = stages[0].detach() - stages[0].detach().mean({0, 2, 3}).view({1, -1, 1, 1});
  const torch::Tensor along = (centred * stages[0].grad()).sum({1, 2, 3});
  EXPECT_NEAR(along.abs().max().item<float>(), 0, 1e-6);
}

}  // namespace murine::similarity_loss_test
