// SPDX-License-Identifier: Apache-2.0
#include "train/fit_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/tensor.h"

namespace murine::fit_loss_test {

TEST(ResponseLoss, PoissonIsTheSumOverTrialsAndNeurons) {
  const torch::Tensor predicted = torch::tensor({0.5f, 2.f, 1.f, 0.f}).view({2, 2});
  const torch::Tensor recorded = torch::tensor({1.f, 3.f, 0.f, 0.5f}).view({2, 2});
  const double expected =
      0.5 - std::log(0.5) + 2 - 3 * std::log(2.0) + 1 + 0 - 0.5 * std::log(1e-8);  // a rate of 0 stays finite
  EXPECT_NEAR(ResponseLoss(LossKind::kPoisson, predicted, recorded).item<double>(), expected, 1e-5);
}

TEST(ResponseLoss, SquaresAndAnscombeAreSumsToo) {
  const torch::Tensor predicted = torch::tensor({0.5f, 2.f, 1.f, 0.f}).view({2, 2});
  const torch::Tensor recorded = torch::tensor({1.f, 3.f, 0.f, 0.5f}).view({2, 2});
  EXPECT_NEAR(ResponseLoss(LossKind::kSquares, predicted, recorded).item<double>(), 0.25 + 1 + 1 + 0.25,
              1e-6);
  double expected = 0;
  for (const auto& [p, r] : {std::pair{0.5, 1.0}, {2.0, 3.0}, {1.0, 0.0}, {0.0, 0.5}})
    expected += std::pow(2 * std::sqrt(p + 3.0 / 8) - 2 * std::sqrt(r + 3.0 / 8), 2);
  EXPECT_NEAR(ResponseLoss(LossKind::kAnscombe, predicted, recorded).item<double>(), expected, 1e-5);
}

TEST(ResponseLoss, IsLeastAtTheResponses) {
  const torch::Tensor recorded = UniformTensor({3, 4}, 0.2, 3, RandomStream(1, "responses"));
  for (const LossKind kind : {LossKind::kPoisson, LossKind::kSquares, LossKind::kAnscombe}) {
    const double least = ResponseLoss(kind, recorded, recorded).item<double>();
    for (const double factor : {0.8, 1.25})
      EXPECT_GT(ResponseLoss(kind, factor * recorded, recorded).item<double>(), least);
  }
}

TEST(PenalizedLoss, IsTheWeightedSum) {
  const Encoder encoder(EncoderOptions{.channels = 2, .layers = 1, .neurons = 3}, 0);
  FitOptions options;
  options.laplace = 3;
  options.sparsity = 0.5;
  const torch::Tensor loss = torch::tensor(7.0, torch::kFloat64);
  const double expected = std::sqrt(900.0 / 64) * 7 + 3 * encoder->LaplacePenalty().item<double>() +
                          0.5 * encoder->SparsityPenalty().item<double>();
  EXPECT_NEAR(PenalizedLoss(loss, encoder, options, 900, 64).item<double>(), expected, 1e-4);
}

}  // namespace murine::fit_loss_test
