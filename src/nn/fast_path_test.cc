// SPDX-License-Identifier: Apache-2.0
// What the fast path does where it is not asked for the usual.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "nn/blocked.h"
#include "nn/folded_resnet.h"
#include "nn/resnet.h"
#include "nn/tensor.h"

namespace murine::fast_path_test {

constexpr uint64_t kSeed = 8;
constexpr int64_t kChannels = 32;

class FastConvBlock : public testing::Test {
 protected:
  void SetUp() override {
    // Without AVX2 every engine is the plain one: there is nothing to compare.
    if (ChannelBlock() == 0) GTEST_SKIP() << "this CPU has no fast path";
  }

  torch::Tensor Draw(at::IntArrayRef shape, const char* name) const {
    return NormalTensor(shape, 1, RandomStream(kSeed, name));
  }
  torch::Tensor Features(const char* name = "x") const { return Draw({2, kChannels, 9, 10}, name); }

  torch::Tensor Run(const torch::Tensor& x, const torch::nn::Conv2d& convolution, Engine engine,
                    const torch::Tensor& residual = {}) const {
    torch::nn::BatchNorm2d norm(convolution->options.out_channels());
    return ToPlain(
        ConvBlock(x, convolution, norm, BatchStatistics::kBatch, Activation::kRelu, engine, residual));
  }

  torch::nn::Conv2d convolution_{torch::nn::Conv2dOptions(kChannels, kChannels, 3).padding(1).bias(false)};
};

// A bias, other padding, dilation, groups, kernels that are not square: the plain block's results, whatever
// the engine.
TEST_F(FastConvBlock, LeavesOtherKindsOfConvolutionsToThePlainOne) {
  const auto usual = [] { return torch::nn::Conv2dOptions(kChannels, kChannels, 3).padding(1).bias(false); };
  for (const torch::nn::Conv2dOptions& options :
       {usual().bias(true), usual().padding(0), usual().dilation(2), usual().groups(4),
        torch::nn::Conv2dOptions(kChannels, kChannels, {3, 1}).padding({1, 0}).bias(false),
        usual().stride({2, 1})}) {
    const torch::nn::Conv2d other(options);
    const torch::Tensor plain = Run(Features(), other, Engine::kPlain),
                        fast = Run(ToBlocked(Features(), ChannelBlock()), other, Engine::kFloat);
    ASSERT_EQ(fast.sizes(), plain.sizes());
    EXPECT_TRUE(fast.equal(plain));
  }
}

TEST_F(FastConvBlock, TakesResidualsOfAnyLayout) {
  const torch::Tensor x = ToBlocked(Features(), ChannelBlock()), residual = Features("residual"),
                      wanted = Run(x, convolution_, Engine::kFloat, ToBlocked(residual, ChannelBlock()));
  EXPECT_TRUE(wanted.allclose(Run(x, convolution_, Engine::kFloat, residual), 1e-4, 1e-5));
  EXPECT_TRUE(wanted.allclose(Run(x, convolution_, Engine::kFloat, ToBlocked(residual, 8)), 1e-4, 1e-5));
  EXPECT_ANY_THROW(Run(x, convolution_, Engine::kFloat, residual.narrow(3, 0, 5)));
}

// Any of x, weight and residual may be a constant; the gradients of the others are as with all of them.
TEST_F(FastConvBlock, GivesTheGradientsThatAreAskedFor) {
  const auto gradients = [&](bool of_x, bool of_weight, bool of_residual) {
    const torch::Tensor x = Features().requires_grad_(of_x),
                        residual = Features("residual").requires_grad_(of_residual);
    convolution_->weight.mutable_grad().reset();
    convolution_->weight.set_requires_grad(of_weight);
    Run(ToBlocked(x, ChannelBlock()), convolution_, Engine::kFloat, ToBlocked(residual, ChannelBlock()))
        .square()
        .sum()
        .backward();
    return std::array{x.grad(), convolution_->weight.grad(), residual.grad()};
  };
  const auto all = gradients(true, true, true);
  for (int mask = 0; mask < 8; ++mask) {
    const auto some = gradients((mask & 1) != 0, (mask & 2) != 0, (mask & 4) != 0);
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(some[i].defined(), (mask >> i & 1) != 0) << mask;
      EXPECT_TRUE(!some[i].defined() || some[i].equal(all[i])) << mask << " " << i;
    }
  }
}

TEST_F(FastConvBlock, RefusesASecondDerivative) {
  const torch::Tensor x = ToBlocked(Features(), ChannelBlock()).requires_grad_(true);
  const torch::Tensor sum = Run(x, convolution_, Engine::kFloat).sum();
  EXPECT_THROW(torch::autograd::grad({sum}, {x}, {}, /*retain_graph=*/true, /*create_graph=*/true), Error);
}

// oneDNN's ReLU would make 0 of it: neither may logits that look like any others come of a spoiled network.
TEST(FoldedResNet, KeepsNanVisibleWhereverItIs) {
  for (const int64_t n : {1, 16})
    for (const char* name : {"conv1.weight", "bn1.bias", "layer1.0.conv2.weight", "layer2.0.conv1.weight",
                             "layer3.0.downsample.0.weight", "layer4.1.bn2.weight"}) {
      ResNetOptions options{.width = 16};
      options.height = options.image_width = 8;
      ResNet network(options, kSeed);
      torch::NoGradGuard no_grad;
      network->named_parameters()[name].flatten()[0] = NAN;
      const torch::Tensor images = UniformTensor({n, 1, 8, 8}, 0, 1, RandomStream(kSeed, "images"));
      EXPECT_TRUE(AsClassifier(network).logits(images).isnan().any().item<bool>()) << n << " " << name;
    }
}

TEST(Classifier, LeavesTheNetworkInTraining) {
  ResNet network(ResNetOptions{.width = 16}, kSeed);
  const Classifier classifier = AsClassifier(network);
  for (const torch::Tensor& parameter : network->parameters()) EXPECT_TRUE(parameter.requires_grad());
}

}  // namespace murine::fast_path_test
