// SPDX-License-Identifier: Apache-2.0
#include "nn/resnet.h"

#include <gmock/gmock.h>

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

}  // namespace murine::resnet_test
