// SPDX-License-Identifier: Apache-2.0
#include "nn/resnet.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/error.h"
#include "nn/blur.h"
#include "nn/tensor.h"

namespace murine::resnet_test {

ResNetOptions Small() {
  ResNetOptions options;
  options.width = 4;
  options.height = options.image_width = 16;
  return options;
}

torch::Tensor Images(int64_t n, int64_t height, int64_t width) {
  return UniformTensor({n, 1, height, width}, 0, 1, RandomStream(1, "images"));
}

// Counted by hand for torchvision's resnet18 with a one-channel 3x3 stem and ten classes.
TEST(ResNet, HasTheParametersOfTorchvision) {
  int64_t parameters = 0;
  ResNet network(ResNetOptions{}, 0);
  for (const torch::Tensor& parameter : network->parameters()) parameters += parameter.numel();
  EXPECT_EQ(parameters, 11173962 - 64 * 2 * 9);  // the well-known count for colour, less two input planes
  const auto named = network->named_parameters();
  for (const char* name :
       {"conv1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight",
        "layer2.0.downsample.1.weight", "layer4.1.bn2.weight", "fc.bias"})
    EXPECT_TRUE(named.contains(name)) << name;
}

TEST(ResNet, StagesHaveTheirSizes) {
  ResNet network(Small(), 0);
  const auto stages = network->Stages(Images(2, 36, 64), BatchStatistics::kRunning);
  EXPECT_EQ(stages[0].sizes(), (std::vector<int64_t>{2, 4, 36, 64}));
  EXPECT_EQ(stages[1].sizes(), (std::vector<int64_t>{2, 4, 36, 64}));
  EXPECT_EQ(stages[2].sizes(), (std::vector<int64_t>{2, 8, 18, 32}));
  EXPECT_EQ(stages[3].sizes(), (std::vector<int64_t>{2, 16, 9, 16}));
  EXPECT_EQ(stages[4].sizes(), (std::vector<int64_t>{2, 32, 5, 8}));
}

TEST(ResNet, BatchesApartLeaveTheRunningStatistics) {
  ResNet network(Small(), 0);
  const torch::Tensor mean = network->named_buffers()["layer3.0.bn1.running_mean"];
  const torch::Tensor before = mean.clone();
  network->Stages(Images(4, 16, 16), BatchStatistics::kBatchApart);
  EXPECT_TRUE(mean.equal(before));
  network->Stages(Images(4, 16, 16), BatchStatistics::kBatch);
  EXPECT_FALSE(mean.equal(before));
}

TEST(ResNet, TheSeedNamesTheWeights) {
  const auto weight = [](uint64_t seed) { return ResNet(Small(), seed)->parameters()[0]; };
  EXPECT_TRUE(weight(3).equal(weight(3)));
  EXPECT_FALSE(weight(3).equal(weight(4)));
}

TEST(Classifier, GivesGradientsForInputsAlone) {
  ResNet network(Small(), 0);
  const Classifier classifier = AsClassifier(network);
  const torch::Tensor images = Images(3, 16, 16).set_requires_grad(true);
  classifier.logits(images).sum().backward();
  EXPECT_GT(images.grad().abs().max().item<float>(), 0);
  for (const torch::Tensor& parameter : network->parameters()) EXPECT_FALSE(parameter.grad().defined());
}

// Twice along each axis with plain loops, the border mirrored.
double PlainBlur(const torch::Tensor& image, const std::vector<double>& kernel, int64_t y, int64_t x) {
  const auto mirrored = [](int64_t i, int64_t size) {
    while (i < 0 || i >= size) i = i < 0 ? -i : 2 * size - 2 - i;
    return i;
  };
  const int64_t reach = static_cast<int64_t>(kernel.size()) / 2;
  double sum = 0;
  for (int64_t dy = -reach; dy <= reach; ++dy)
    for (int64_t dx = -reach; dx <= reach; ++dx)
      sum += kernel[dy + reach] * kernel[dx + reach] *
             image[mirrored(y + dy, image.size(0))][mirrored(x + dx, image.size(1))].item<double>();
  return sum;
}

TEST(GaussianBlur, IsTheConvolutionWithMirroredEdges) {
  for (const double sigma : {0.7, 2.0}) {  // the second kernel is wider than the image
    const std::vector<double> kernel = BlurKernel(sigma);
    ASSERT_EQ(kernel.size(), 2 * std::ceil(4 * sigma) + 1);
    EXPECT_NEAR(kernel[kernel.size() / 2 + 1] / kernel[kernel.size() / 2], std::exp(-0.5 / sigma / sigma),
                1e-12);
    const torch::Tensor images = Images(2, 7, 9);
    const torch::Tensor blurred = GaussianBlur(images, sigma);
    for (int64_t y = 0; y < 7; ++y)
      for (int64_t x = 0; x < 9; ++x)
        EXPECT_NEAR(blurred[1][0][y][x].item<double>(), PlainBlur(images[1][0], kernel, y, x), 1e-5);
    const torch::Tensor product =
        torch::matmul(torch::matmul(BlurMatrix(7, sigma), images), BlurMatrix(9, sigma).t());
    EXPECT_LT((product - blurred).abs().max().item<float>(), 1e-6);
    EXPECT_TRUE(GaussianBlur(images.narrow(0, 1, 1), sigma).equal(blurred.narrow(0, 1, 1)));
  }
  EXPECT_TRUE(GaussianBlur(torch::full({1, 1, 8, 8}, 0.25), 3).allclose(torch::full({1, 1, 8, 8}, 0.25)));
}

TEST(ResNet, SeesBlurredImagesInEveryForm) {
  ResNetOptions sharp = Small(), blurred = Small();
  blurred.blur = 1.5;
  ResNet a(sharp, 3), b(blurred, 3);
  const torch::Tensor images = Images(3, 16, 16), through = GaussianBlur(images, 1.5);
  EXPECT_TRUE(
      a->Logits(through, BatchStatistics::kRunning).equal(b->Logits(images, BatchStatistics::kRunning)));
  EXPECT_TRUE(AsClassifier(a).logits(through).equal(AsClassifier(b).logits(images)));
  EXPECT_FALSE(AsClassifier(a).logits(images).equal(AsClassifier(b).logits(images)));
  EXPECT_THAT(AsClassifier(b).description, testing::HasSubstr("Gaussian of 1.5 pixels"));
  EXPECT_THROW((ResNet(ResNetOptions{.blur = -1}, 0)), Error);
}

}  // namespace murine::resnet_test
