// SPDX-License-Identifier: Apache-2.0
#include "train/adversarial.h"

#include <gtest/gtest.h>

#include "nn/tensor.h"

namespace murine::adversarial_test {

constexpr uint64_t kAttackSeed = 17;

ResNet SmallNetwork(double blur) {
  ResNet network(ResNetOptions{.width = 4, .classes = 3, .height = 12, .image_width = 10, .blur = blur},
                 kAttackSeed);
  torch::NoGradGuard no_grad;
  for (auto& buffer : network->named_buffers())
    if (buffer.key().ends_with("running_var"))
      buffer.value().copy_(UniformTensor(buffer.value().sizes(), 0.5, 1.5, RandomStream(2, buffer.key())));
  return network;
}

AttackInput SomeInput(int64_t n) {
  return {UniformTensor({n, 1, 12, 10}, 0, 1, RandomStream(kAttackSeed, "images")), torch::arange(n) % 3,
          torch::arange(n) + 40};
}

// Plain loops over pixels on the network as libtorch computes it.
torch::Tensor PlainPgd(ResNet& network, const AttackInput& input, const AdversarialOptions& options) {
  std::vector<torch::Tensor> rows;
  const auto epsilon = static_cast<float>(options.epsilon);
  for (int64_t i = 0; i < input.images.size(0); ++i) {
    const torch::Tensor clean = input.images.narrow(0, i, 1);
    torch::Tensor point = torch::empty_like(clean);
    RandomStream stream(options.seed, "adversarial", static_cast<uint64_t>(options.epoch),
                        static_cast<uint64_t>(input.index[i].item<int64_t>()));
    stream.FillUniform(Values(point), -epsilon, epsilon);
    point = (clean + point).clamp(0, 1);
    for (int64_t step = 0; step < options.steps; ++step) {
      const torch::Tensor at = point.detach().clone().requires_grad_(true);
      torch::cross_entropy_loss(network->Logits(at, BatchStatistics::kRunning), input.labels.narrow(0, i, 1))
          .backward();
      const double size = 2.5 * options.epsilon / static_cast<double>(options.steps);
      for (int64_t p = 0; p < point.numel(); ++p) {
        float& value = Values(point)[p];
        const float gradient = at.grad().flatten()[p].item<float>(), was = Values(clean)[p];
        value += static_cast<float>(gradient > 0 ? size : gradient < 0 ? -size : 0);
        value = std::min(std::max(value, was - epsilon), was + epsilon);
        value = std::min(std::max(value, 0.f), 1.f);
      }
    }
    rows.push_back(point);
  }
  return torch::cat(rows);
}

double MeanLoss(ResNet& network, const torch::Tensor& images, const torch::Tensor& labels) {
  torch::NoGradGuard no_grad;
  return torch::cross_entropy_loss(network->Logits(images, BatchStatistics::kRunning), labels).item<double>();
}

TEST(AdversarialImages, ArePlainPgdsThroughTheBlurToo) {
  for (const double blur : {0.0, 1.2}) {
    ResNet network = SmallNetwork(blur);
    const AttackInput input = SomeInput(6);
    const AdversarialOptions options{.epsilon = 0.04, .steps = 5, .seed = kAttackSeed, .epoch = 3};
    const torch::Tensor found = AdversarialImages(network, input, options);
    const torch::Tensor plain = PlainPgd(network, input, options);
    // where a gradient is all but zero its sign is anyone's
    EXPECT_GT((found - plain).abs().lt(1e-5).to(torch::kFloat32).mean().item<float>(), 0.98)
        << "seed " << kAttackSeed;
    EXPECT_LE((found - input.images).abs().max().item<float>(), 0.04 + 1e-6);
    EXPECT_GE(found.min().item<float>(), 0);
    EXPECT_LE(found.max().item<float>(), 1);
    EXPECT_GT(MeanLoss(network, found, input.labels), MeanLoss(network, input.images, input.labels) + 0.01);
  }
}

TEST(AdversarialImages, LeaveTheNetworkAloneAndDoNotDependOnTheBatch) {
  ResNet network = SmallNetwork(0);
  std::vector<torch::Tensor> before;
  for (const torch::Tensor& tensor : network->buffers()) before.push_back(tensor.clone());
  const AttackInput input = SomeInput(8);
  const AdversarialOptions options{.epsilon = 0.03, .steps = 3, .seed = kAttackSeed};
  const torch::Tensor all = AdversarialImages(network, input, options);
  const torch::Tensor some = AdversarialImages(network, SelectRows(input, torch::tensor({2, 5, 6})), options);
  EXPECT_GT((some - all.index_select(0, torch::tensor({2, 5, 6})))
                .abs()
                .lt(1e-5)
                .to(torch::kFloat32)
                .mean()
                .item<float>(),
            0.98);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(network->buffers()[i].equal(before[i]));
  for (const torch::Tensor& parameter : network->parameters()) EXPECT_FALSE(parameter.grad().defined());
  AdversarialOptions later = options;
  later.epoch = 1;
  EXPECT_FALSE(AdversarialImages(network, input, later).equal(all));  // other starts
}

}  // namespace murine::adversarial_test
