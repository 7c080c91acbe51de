// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <vector>

#include "nn/classifier.h"
#include "nn/conv_block.h"
#include "nn/resnet_options.h"
#include "nn/torch.h"

namespace murine {

constexpr int kStages = 5;  // the stem and the four groups

// images in [0, 1] as they enter the first convolution.
torch::Tensor NetworkInput(const ResNetOptions& options, const torch::Tensor& images);

// Two 3x3 convolutions beside a shortcut.
class BasicBlockImpl : public torch::nn::Module {
 public:
  BasicBlockImpl(int64_t channels_in, int64_t channels_out, int64_t stride);
  torch::Tensor forward(const torch::Tensor& x, BatchStatistics statistics, Engine engine);

  // shortcut_*: empty where the shortcut is the input itself.
  torch::nn::Conv2d conv1{nullptr}, conv2{nullptr}, shortcut_conv{nullptr};
  torch::nn::BatchNorm2d bn1{nullptr}, bn2{nullptr}, shortcut_bn{nullptr};
};
TORCH_MODULE(BasicBlock);

// Parameters carry torchvision's names.
class ResNetImpl : public torch::nn::Module {
 public:
  // Weights are drawn from the streams (seed, "init/NAME"): Kaiming normal, fan out.
  ResNetImpl(const ResNetOptions& options, uint64_t seed);

  // How training computes; kFloat by default.
  void UseEngine(Engine engine) { engine_ = engine; }

  // images [n, channels, h, w] in [0, 1], of any size -> the output of each stage, plain or blocked
  // (nn/blocked.h).
  std::array<torch::Tensor, kStages> Stages(const torch::Tensor& images, BatchStatistics statistics);
  // The last stage's output -> logits [n, classes].
  torch::Tensor Head(const torch::Tensor& last_stage);
  torch::Tensor Logits(const torch::Tensor& images, BatchStatistics statistics);

  const ResNetOptions& options() const { return options_; }
  const torch::nn::Conv2d& stem() const { return conv1_; }
  const torch::nn::BatchNorm2d& stem_norm() const { return bn1_; }
  const torch::nn::Linear& head() const { return fc_; }
  const std::vector<BasicBlock>& group(size_t index) const { return groups_[index]; }

 private:
  ResNetOptions options_;
  Engine engine_ = Engine::kFloat;
  torch::nn::Conv2d conv1_{nullptr};
  torch::nn::BatchNorm2d bn1_{nullptr};
  std::array<std::vector<BasicBlock>, kStages - 1> groups_;
  torch::nn::Linear fc_{nullptr};
};
TORCH_MODULE(ResNet);

// Evaluation mode, with the weights and statistics that the network has now (nn/folded_resnet.h).
Classifier AsClassifier(const ResNet& network);

}  // namespace murine
