// SPDX-License-Identifier: Apache-2.0
#include "nn/conv_block.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "nn/blocked.h"
#include "nn/folded_resnet.h"
#include "nn/resnet.h"
#include "nn/tensor.h"

namespace murine::conv_block_test {

constexpr uint64_t kSeed = 5;

struct Case {
  int64_t n, c_in, height, width, c_out, kernel, stride;
  bool residual;
  Activation activation;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "seed " << kSeed << ": " << c.n << "x" << c.c_in << "x" << c.height << "x" << c.width
             << " -> " << c.c_out << ", kernel " << c.kernel << ", stride " << c.stride << ", residual "
             << c.residual << ", relu " << (c.activation == Activation::kRelu);
}

// Shapes of ResNets for images and stimuli; 24 takes blocks of 8, 12 and 20 none; those of sixteen tiles or
// more take Winograd.
const std::vector<Case> kCases = {
    {2, 1, 9, 11, 16, 3, 1, false, Activation::kRelu},   {3, 3, 12, 10, 32, 7, 1, false, Activation::kRelu},
    {2, 1, 36, 64, 64, 3, 1, false, Activation::kRelu},  {2, 16, 8, 8, 16, 3, 1, true, Activation::kRelu},
    {1, 16, 8, 8, 32, 3, 2, false, Activation::kRelu},   {2, 32, 9, 7, 32, 3, 1, true, Activation::kRelu},
    {2, 64, 36, 64, 64, 3, 1, true, Activation::kRelu},  {3, 64, 9, 16, 128, 3, 2, false, Activation::kRelu},
    {3, 64, 9, 16, 128, 1, 2, false, Activation::kNone}, {2, 128, 5, 8, 128, 3, 1, true, Activation::kNone},
    {1, 256, 4, 4, 256, 3, 1, true, Activation::kRelu},  {5, 48, 5, 3, 80, 3, 1, false, Activation::kRelu},
    {5, 24, 8, 8, 24, 3, 1, true, Activation::kRelu},    {2, 12, 8, 6, 20, 3, 2, false, Activation::kRelu},
    {1, 64, 2, 2, 64, 3, 1, false, Activation::kRelu},   {12, 32, 2, 3, 32, 3, 1, true, Activation::kRelu},
    {1, 16, 7, 7, 32, 3, 2, false, Activation::kRelu},   {2, 1, 9, 11, 24, 3, 1, false, Activation::kRelu}};

torch::Tensor Draw(at::IntArrayRef shape, const char* name) {
  return NormalTensor(shape, 1, RandomStream(kSeed, name));
}

struct Outcome {
  torch::Tensor out, x, residual, weight, gamma, beta, running_mean, running_variance;
};

// The block's output and, for a random gradient of it, all gradients and what the running statistics became.
Outcome RunBlock(const Case& c, Engine engine, BatchStatistics statistics) {
  torch::nn::Conv2d convolution(
      torch::nn::Conv2dOptions(c.c_in, c.c_out, c.kernel).stride(c.stride).padding(c.kernel / 2).bias(false));
  torch::nn::BatchNorm2d norm(c.c_out);
  {
    torch::NoGradGuard no_grad;
    const double fan_in = static_cast<double>(c.c_in * c.kernel * c.kernel);
    convolution->weight.copy_(Draw(convolution->weight.sizes(), "weight") / std::sqrt(fan_in));
    norm->weight.copy_(Draw({c.c_out}, "gamma").abs() + 0.5);
    norm->bias.copy_(Draw({c.c_out}, "beta"));
  }
  torch::Tensor x = Draw({c.n, c.c_in, c.height, c.width}, "x") + 0.3;
  const bool image = c.c_in <= 4;
  if (!image) x.requires_grad_(true);
  torch::Tensor residual;
  const int64_t height = (c.height - 1) / c.stride + 1, width = (c.width - 1) / c.stride + 1;
  if (c.residual) residual = Draw({c.n, c.c_out, height, width}, "residual").requires_grad_(true);
  const int64_t block = BlockOf(std::gcd(c.c_out, image ? 0 : c.c_in));
  const bool fast = engine != Engine::kPlain && block != 0;
  const auto type = engine == Engine::kBfloat16 ? torch::kBFloat16 : torch::kFloat32;
  const torch::Tensor in = fast && !image ? ToBlocked(x, block).to(type) : x;
  const torch::Tensor added = residual.defined() && fast ? ToBlocked(residual, block).to(type) : residual;
  const torch::Tensor out = ConvBlock(in, convolution, norm, statistics, c.activation, engine, added);
  EXPECT_EQ(IsBlocked(out), fast);
  const torch::Tensor plain = ToPlain(out).to(torch::kFloat32);
  plain.backward(Draw(plain.sizes(), "gradient"));
  return {plain.detach(),
          x.grad(),
          residual.defined() ? residual.grad() : residual,
          convolution->weight.grad(),
          norm->weight.grad(),
          norm->bias.grad(),
          norm->running_mean.clone(),
          norm->running_var.clone()};
}

// |a - b| relative to the length of b.
double Apart(const torch::Tensor& a, const torch::Tensor& b) {
  EXPECT_EQ(a.defined(), b.defined());
  if (!a.defined()) return 0;
  return ((a - b).norm() / (b.norm() + 1e-6)).item<double>();
}

void ExpectAlike(const Outcome& fast, const Outcome& plain, double tolerance) {
  EXPECT_LT(Apart(fast.out, plain.out), tolerance);
  EXPECT_LT(Apart(fast.x, plain.x), tolerance);
  EXPECT_LT(Apart(fast.residual, plain.residual), tolerance);
  EXPECT_LT(Apart(fast.weight, plain.weight), tolerance);
  EXPECT_LT(Apart(fast.gamma, plain.gamma), tolerance);
  EXPECT_LT(Apart(fast.beta, plain.beta), tolerance);
  EXPECT_LT(Apart(fast.running_mean, plain.running_mean), tolerance);
  EXPECT_LT(Apart(fast.running_variance, plain.running_variance), tolerance);
}

class ConvBlockTwins : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Shapes, ConvBlockTwins, testing::ValuesIn(kCases));

TEST_P(ConvBlockTwins, FloatIsThePlainBlock) {
  for (const auto statistics : {BatchStatistics::kBatch, BatchStatistics::kBatchApart})
    ExpectAlike(RunBlock(GetParam(), Engine::kFloat, statistics),
                RunBlock(GetParam(), Engine::kPlain, statistics), 2e-5);
}

// bfloat16 keeps eight bits: values are off by up to 1/256.
TEST_P(ConvBlockTwins, Bfloat16IsThePlainBlockRounded) {
  Case linear = GetParam();
  linear.activation = Activation::kNone;
  ExpectAlike(RunBlock(linear, Engine::kBfloat16, BatchStatistics::kBatch),
              RunBlock(linear, Engine::kPlain, BatchStatistics::kBatch), 2e-2);
}

// Rounding moves about one value in a hundred to the other side of the ReLU: a tenth of the gradient's
// length.
TEST_P(ConvBlockTwins, Bfloat16HasItsGradientBehindTheRelu) {
  if (GetParam().height * GetParam().width < 16) GTEST_SKIP() << "too few values to average over";
  ExpectAlike(RunBlock(GetParam(), Engine::kBfloat16, BatchStatistics::kBatch),
              RunBlock(GetParam(), Engine::kPlain, BatchStatistics::kBatch), 0.1);
}

TEST_P(ConvBlockTwins, GivesTheSameBitsAgain) {
  const auto all = [](Engine engine) {
    const Outcome one = RunBlock(GetParam(), engine, BatchStatistics::kBatch);
    return std::array{one.out,   one.x,    one.residual,     one.weight,
                      one.gamma, one.beta, one.running_mean, one.running_variance};
  };
  for (const Engine engine : {Engine::kFloat, Engine::kBfloat16}) {
    const auto once = all(engine), again = all(engine);
    for (size_t i = 0; i < once.size(); ++i) EXPECT_TRUE(!once[i].defined() || once[i].equal(again[i])) << i;
  }
}

TEST(ConvBlock, KeepsNanVisible) {
  torch::nn::Conv2d convolution(torch::nn::Conv2dOptions(16, 16, 3).padding(1).bias(false));
  torch::nn::BatchNorm2d norm(16);
  if (ChannelBlock() == 0) GTEST_SKIP() << "this CPU has no fast path";
  const torch::Tensor x = torch::full({16, 16 / ChannelBlock(), 4, 4, ChannelBlock()}, NAN);
  const torch::Tensor out =
      ConvBlock(x, convolution, norm, BatchStatistics::kBatch, Activation::kRelu, Engine::kFloat);
  EXPECT_TRUE(out.isnan().all().item<bool>());
}

ResNetOptions Options(int64_t width, int64_t channels) {
  ResNetOptions options;
  options.width = width;
  options.channels = channels;
  options.height = options.image_width = 16;
  return options;
}

torch::Tensor SomeImages(int64_t channels, int64_t height, int64_t width) {
  return UniformTensor({3, channels, height, width}, 0, 1, RandomStream(kSeed, "images"));
}

// A network whose running statistics are not those it began with.
ResNet Trained(int64_t width, int64_t channels) {
  ResNet network(Options(width, channels), kSeed);
  torch::NoGradGuard no_grad;
  for (int i = 0; i < 20; ++i) network->Stages(SomeImages(channels, 16, 16), BatchStatistics::kBatch);
  return network;
}

TEST(ConvBlock, RefusesASecondWalkThroughItsGraph) {
  if (ChannelBlock() == 0) GTEST_SKIP() << "this CPU has no fast path";
  torch::nn::Conv2d convolution(torch::nn::Conv2dOptions(16, 16, 3).padding(1).bias(false));
  torch::nn::BatchNorm2d norm(16);
  const torch::Tensor x = torch::ones({1, 16 / ChannelBlock(), 4, 4, ChannelBlock()}).requires_grad_(true);
  const torch::Tensor sum =
      ConvBlock(x, convolution, norm, BatchStatistics::kBatch, Activation::kRelu, Engine::kFloat).sum();
  sum.backward({}, /*retain_graph=*/true);
  EXPECT_THROW(sum.backward(), Error);
}

TEST(FoldedResNet, IsThePlainNetworkWithItsInputGradient) {
  for (const int64_t width : {16, 32, 6, 8, 24})
    for (const int64_t channels : {1, 3}) {
      ResNet network = Trained(width, channels);
      const FoldedResNet folded(network);
      torch::Tensor a = SomeImages(channels, 17, 23).requires_grad_(true),
                    b = a.detach().clone().requires_grad_(true);
      const torch::Tensor fast = folded.Logits(a), plain = network->Logits(b, BatchStatistics::kRunning);
      EXPECT_LT(Apart(fast, plain), 1e-4) << width << " " << channels;
      fast.square().sum().backward();
      plain.square().sum().backward();
      EXPECT_LT(Apart(a.grad(), b.grad()), 1e-3) << width << " " << channels;
    }
}

// Batches are filled up to sizes that come again; what fills them must not show.
TEST(FoldedResNet, GivesAnImageTheSameLogitsInAnyBatch) {
  const FoldedResNet folded(Trained(32, 1));
  const torch::Tensor images = UniformTensor({13, 1, 16, 16}, 0, 1, RandomStream(kSeed, "batch"));
  const torch::Tensor all = folded.Logits(images);
  ASSERT_EQ(all.size(0), 13);
  for (const int64_t n : {1, 2, 3, 5, 7, 11})
    EXPECT_LT(Apart(folded.Logits(images.narrow(0, 0, n)), all.narrow(0, 0, n)), 1e-5) << n;
  EXPECT_EQ(folded.Logits(images.narrow(0, 0, 0)).size(0), 0);
}

TEST(FoldedResNet, DoesNotFollowLaterTraining) {
  ResNet network = Trained(16, 1);
  const FoldedResNet folded(network);
  const torch::Tensor before = folded.Logits(SomeImages(1, 16, 16));
  for (torch::Tensor& parameter : network->parameters()) parameter.data().mul_(2);
  EXPECT_TRUE(folded.Logits(SomeImages(1, 16, 16)).equal(before));
}

TEST(ResNet, TrainsAlikeOnEveryEngine) {
  const auto gradients = [](Engine engine, int64_t width) {
    ResNet network(Options(width, 1), kSeed);
    network->UseEngine(engine);
    const auto stages = network->Stages(SomeImages(1, 36, 64), BatchStatistics::kBatch);
    torch::Tensor loss = network->Head(stages.back()).square().sum();
    for (const torch::Tensor& stage : stages) loss = loss + stage.to(torch::kFloat32).square().mean();
    loss.backward();
    std::vector<torch::Tensor> all;
    for (const torch::Tensor& parameter : network->parameters()) all.push_back(parameter.grad().flatten());
    return torch::cat(all);
  };
  for (const int64_t width : {8, 24, 32}) {
    const torch::Tensor plain = gradients(Engine::kPlain, width);
    EXPECT_LT(Apart(gradients(Engine::kFloat, width), plain), 1e-3) << width;
    EXPECT_LT(Apart(gradients(Engine::kBfloat16, width), plain), 0.25);  // through 17 layers' ReLUs
  }
}

}  // namespace murine::conv_block_test
