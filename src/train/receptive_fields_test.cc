// SPDX-License-Identifier: Apache-2.0
#include "train/receptive_fields.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "nn/encoder.h"
#include "nn/tensor.h"

namespace murine::receptive_fields_test {

// 21 images, more than one batch and no multiple of it.
torch::Tensor Images(int64_t height, int64_t width) {
  return UniformTensor({21, 1, height, width}, 0, 1, RandomStream(7, "images"));
}

double Farthest(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

TEST(ReceptiveFields, OfALinearModelAreItsFilters) {
  const torch::Tensor filters = NormalTensor({3, 1, 4, 5}, 1, RandomStream(7, "filters"));
  const auto linear = [&](const torch::Tensor& images) {
    return torch::mm(images.flatten(1), filters.flatten(1).t()) + 2;
  };
  const std::vector<int64_t> neurons = {2, 0};
  const ReceptiveFields fields = MeasureReceptiveFields(linear, Images(4, 5), neurons);
  ASSERT_EQ(fields.mean.sizes(), (std::vector<int64_t>{2, 4, 5}));
  for (const int64_t k : {0, 1}) {
    EXPECT_LT(Farthest(fields.mean[k], filters[neurons[k]][0]), 1e-6);
    EXPECT_LT(Farthest(fields.size[k], filters[neurons[k]][0].abs()), 1e-6);
  }
}

// (w x)^2 has the gradient 2 (w x) w at an image x.
TEST(ReceptiveFields, OfASquareFollowItsFormula) {
  const torch::Tensor w = NormalTensor({1, 1, 4, 5}, 1, RandomStream(7, "filter"));
  const torch::Tensor images = Images(4, 5) - 0.5;
  const torch::Tensor drive = torch::mm(images.flatten(1), w.flatten(1).t());
  const ReceptiveFields fields = MeasureReceptiveFields(
      [&](const torch::Tensor& x) { return torch::mm(x.flatten(1), w.flatten(1).t()).square(); }, images,
      std::vector<int64_t>{0});
  EXPECT_LT(Farthest(fields.mean[0], 2 * drive.mean() * w[0][0]), 1e-5);
  EXPECT_LT(Farthest(fields.size[0], 2 * drive.square().mean().sqrt() * w[0][0].abs()), 1e-5);
}

// A linear core of one layer reads one filter at one pixel: the field is that filter, there.
TEST(ReceptiveFields, OfALinearEncoderAreItsFilterWhereItReads) {
  constexpr int64_t kHeight = 9, kWidth = 13, kKernel = 3, kRow = 5, kColumn = 4;
  torch::NoGradGuard no_grad;
  Encoder encoder(EncoderOptions{.core = CoreKind::kLinear,
                                 .channels = 2,
                                 .layers = 1,
                                 .input_kernel = kKernel,
                                 .stride = 1,
                                 .height = kHeight,
                                 .width = kWidth,
                                 .neurons = 1},
                  3);
  encoder->eval();
  encoder->PlaceReadout(
      torch::tensor({{2.0f * kColumn / (kWidth - 1) - 1, 2.0f * kRow / (kHeight - 1) - 1}}));
  auto parameters = encoder->named_parameters();
  parameters["bias"].fill_(50);  // elu is the identity there
  parameters["readout.weights"].copy_(torch::tensor({{0.5f, -2.0f}}));
  const torch::Tensor filters = parameters["core.conv0.weight"];
  torch::Tensor expected = torch::zeros({kHeight, kWidth});
  for (int64_t y = 0; y < kKernel; ++y)
    for (int64_t x = 0; x < kKernel; ++x)
      expected[kRow + y - 1][kColumn + x - 1] =
          (0.5 * filters[0][0][y][x] - 2 * filters[1][0][y][x]) / std::sqrt(1 + 1e-5);
  torch::AutoGradMode with_grad(true);
  const ReceptiveFields fields =
      MeasureReceptiveFields([&](const torch::Tensor& images) { return encoder->Denoised(images); },
                             Images(kHeight, kWidth), std::vector<int64_t>{0});
  EXPECT_GT(expected.abs().max().item<double>(), 0.1);
  EXPECT_LT(Farthest(fields.mean[0], expected), 1e-4);
}

TEST(ReceptiveFields, OfANetworkAgreeWithFiniteDifferences) {
  Encoder encoder(EncoderOptions{.channels = 4,
                                 .layers = 2,
                                 .input_kernel = 5,
                                 .hidden_kernel = 3,
                                 .stride = 1,
                                 .height = 8,
                                 .width = 10,
                                 .neurons = 3},
                  4);
  encoder->eval();
  const torch::Tensor images = Images(8, 10);
  const ReceptiveFields fields = MeasureReceptiveFields(
      [&](const torch::Tensor& batch) { return encoder->Denoised(batch); }, images, std::vector<int64_t>{1});
  torch::NoGradGuard no_grad;
  constexpr double kStep = 0.02;
  for (const auto& [y, x] : std::vector<std::pair<int64_t, int64_t>>{{3, 4}, {4, 5}, {5, 3}, {0, 0}}) {
    const auto moved = [&, y = y, x = x](double step) {
      torch::Tensor changed = images.clone();
      changed.select(2, y).select(2, x).add_(step);
      return encoder->Denoised(changed).select(1, 1).to(torch::kFloat64);
    };
    const torch::Tensor slope = (moved(kStep) - moved(-kStep)) / (2 * kStep);
    const double most = fields.size.max().item<double>();
    EXPECT_NEAR(fields.mean[0][y][x].item<double>(), slope.mean().item<double>(), 0.01 * most);
    EXPECT_NEAR(fields.size[0][y][x].item<double>(), slope.square().mean().sqrt().item<double>(),
                0.01 * most);
  }
  EXPECT_GT(fields.size.max().item<double>(), 0.001);
}

}  // namespace murine::receptive_fields_test
