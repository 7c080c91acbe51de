// SPDX-License-Identifier: Apache-2.0
#include "nn/core.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/tensor.h"

namespace murine::core_test {

constexpr int64_t kChannels = 2, kLayers = 3, kHeight = 5, kWidth = 6;

Core SmallCore(uint64_t seed = 4) {
  return Core(
      CoreImpl::Shape{.channels = kChannels, .layers = kLayers, .input_kernel = 5, .hidden_kernel = 3}, seed);
}

torch::Tensor Images(int64_t n) {
  return UniformTensor({n, 1, kHeight, kWidth}, -1, 1, RandomStream(1, "images"));
}

// One image [c, h, w], one filter [c, k, k]; zeros around.
double PlainConvolution(const torch::Tensor& image, const torch::Tensor& filter, int64_t row,
                        int64_t column) {
  const int64_t size = filter.size(1);
  const auto pixels = image.accessor<float, 3>();
  const auto weights = filter.accessor<float, 3>();
  double sum = 0;
  for (int64_t c = 0; c < image.size(0); ++c)
    for (int64_t dy = 0; dy < size; ++dy)
      for (int64_t dx = 0; dx < size; ++dx) {
        const int64_t y = row + dy - size / 2, x = column + dx - size / 2;
        if (y >= 0 && y < image.size(1) && x >= 0 && x < image.size(2))
          sum += double{weights[c][dy][dx]} * pixels[c][y][x];
      }
  return sum;
}

// Each layer from all layers before it, by loops, with running statistics that are not 0 and 1.
TEST(Core, EveryLayerSeesAllEarlierOutputs) {
  torch::NoGradGuard no_grad;
  Core core = SmallCore();
  core->eval();
  for (auto& entry : core->named_buffers())
    if (entry.value().is_floating_point())
      entry.value().copy_(UniformTensor(entry.value().sizes(), 0.5, 2, RandomStream(2, entry.key())));
  for (auto& entry : core->named_parameters())
    if (entry.value().dim() == 1)
      entry.value().copy_(UniformTensor(entry.value().sizes(), -1, 1, RandomStream(2, entry.key())));
  const auto parameters = core->named_parameters();
  const auto buffers = core->named_buffers();
  const torch::Tensor images = Images(2);
  const torch::Tensor found = core(images);
  ASSERT_EQ(found.sizes(), (std::vector<int64_t>{2, kChannels * kLayers, kHeight, kWidth}));
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t layer = 0; layer < kLayers; ++layer) {
      const torch::Tensor seen =
          (layer == 0 ? images[i] : found[i].slice(0, 0, layer * kChannels)).contiguous();
      const std::string norm = "norm" + std::to_string(layer) + ".";
      for (int64_t c = 0; c < kChannels; ++c) {
        const auto of = [&](const torch::Tensor& tensor) { return tensor[c].item<double>(); };
        const torch::Tensor filter = parameters["conv" + std::to_string(layer) + ".weight"][c];
        ASSERT_EQ(filter.size(0), layer == 0 ? 1 : layer * kChannels);
        for (int64_t y = 0; y < kHeight; ++y)
          for (int64_t x = 0; x < kWidth; ++x) {
            const double convolved = PlainConvolution(seen, filter, y, x);
            const double normalized = (convolved - of(buffers[norm + "running_mean"])) /
                                          std::sqrt(of(buffers[norm + "running_var"]) + 1e-5) *
                                          of(parameters[norm + "weight"]) +
                                      of(parameters[norm + "bias"]);
            const double expected = normalized > 0 ? normalized : std::expm1(normalized);
            // float32 sums of up to 36 terms of size 1
            ASSERT_NEAR(found[i][layer * kChannels + c][y][x].item<double>(), expected, 1e-5) << layer;
          }
      }
    }
}

// Between a depth-separable layer's three convolutions nothing bends: together they are one convolution.
TEST(Core, StackedLayersAreSeparableAndFollowOneAnother) {
  torch::NoGradGuard no_grad;
  for (const CoreKind kind : {CoreKind::kStacked, CoreKind::kLinear}) {
    Core core(
        CoreImpl::Shape{
            .channels = kChannels, .layers = 2, .input_kernel = 5, .hidden_kernel = 3, .kind = kind},
        4);
    Core first(
        CoreImpl::Shape{
            .channels = kChannels, .layers = 1, .input_kernel = 5, .hidden_kernel = 3, .kind = kind},
        4);
    core->eval();
    first->eval();
    const torch::Tensor images = Images(2), below = first(images), found = core(images);
    ASSERT_EQ(found.sizes(), (std::vector<int64_t>{2, kChannels, kHeight, kWidth}));
    ASSERT_EQ(core->features(), kChannels);
    const auto p = core->named_parameters();
    const torch::Tensor in = p["in1.weight"], spatial = p["spatial1.weight"], out = p["out1.weight"];
    for (int64_t c = 0; c < kChannels; ++c) {
      torch::Tensor filter = torch::zeros({kChannels, 3, 3});
      for (int64_t from = 0; from < kChannels; ++from)
        for (int64_t middle = 0; middle < kChannels; ++middle)
          filter[from] += out[c][middle][0][0] * in[middle][from][0][0] * spatial[middle][0];
      for (int64_t i = 0; i < 2; ++i) {
        const torch::Tensor image = below[i].contiguous();
        for (int64_t y = 0; y < kHeight; ++y)
          for (int64_t x = 0; x < kWidth; ++x) {
            const double normalized = PlainConvolution(image, filter, y, x) / std::sqrt(1 + 1e-5);
            const double expected =
                kind == CoreKind::kLinear || normalized > 0 ? normalized : std::expm1(normalized);
            ASSERT_NEAR(found[i][c][y][x].item<double>(), expected, 1e-5);
          }
      }
    }
    const bool linear = torch::allclose(core(2 * images), 2 * found, 1e-4, 1e-5);
    EXPECT_EQ(linear, kind == CoreKind::kLinear);
  }
}

TEST(Core, LaplacePenaltyIsThatOfALoop) {
  for (const int64_t size : {1, 3, 9}) {
    Core core(CoreImpl::Shape{.channels = 3, .layers = 1, .input_kernel = size, .hidden_kernel = 3}, 1);
    const torch::Tensor filters = core->named_parameters()["conv0.weight"].detach();
    const auto at = [&](int64_t k, int64_t y, int64_t x) {
      const bool inside = y >= 0 && y < size && x >= 0 && x < size;
      return inside ? filters[k][0][y][x].item<double>() : 0.0;
    };
    double expected = 0;
    for (int64_t k = 0; k < 3; ++k)
      for (int64_t y = 0; y < size; ++y)
        for (int64_t x = 0; x < size; ++x)
          expected += std::pow(
              4 * at(k, y, x) - at(k, y - 1, x) - at(k, y + 1, x) - at(k, y, x - 1) - at(k, y, x + 1), 2);
    EXPECT_NEAR(core->LaplacePenalty().item<double>(), expected, 1e-5 * expected) << size;  // float32 sums
    EXPECT_GT(expected, 0.1);
  }
}

// In training mode the batch's own statistics, which the running ones follow by a tenth; else the latter,
// which stay.
TEST(Core, BatchNormFollowsTheMode) {
  torch::NoGradGuard no_grad;
  Core core = SmallCore();
  const torch::Tensor images = Images(8);
  const auto mean = [&] { return core->named_buffers()["norm0.running_mean"].clone(); };
  core->eval();
  const torch::Tensor before = mean(), evaluated = core(images);
  EXPECT_TRUE(mean().equal(before));
  core->train();
  const torch::Tensor trained = core(images);
  const torch::Tensor convolved = torch::conv2d(images, core->named_parameters()["conv0.weight"], {}, 1, 2);
  EXPECT_TRUE(torch::allclose(mean(), 0.1 * convolved.mean({0, 2, 3}), 1e-4, 1e-6));
  EXPECT_FALSE(torch::allclose(trained, evaluated, 0.01, 0.01));
}

TEST(Core, WeightsHangOnTheSeedAlone) {
  EXPECT_TRUE(SmallCore(1)->parameters()[0].equal(SmallCore(1)->parameters()[0]));
  EXPECT_FALSE(SmallCore(1)->parameters()[0].equal(SmallCore(2)->parameters()[0]));
}

}  // namespace murine::core_test
