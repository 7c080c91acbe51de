// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/options.h"
#include "nn/classifier.h"
#include "nn/conv_block.h"
#include "nn/torch.h"

namespace murine {

constexpr int64_t kLeastSide = 8;  // of an image, pixels: the last group halves the size for the third time

enum class Stem { k3x3, k7x7 };
std::span<const EnumName<Stem>> EnumNames(Stem);

// A ResNet for small images (He et al. 2016, arXiv 1512.03385): stride-1 stem without pooling. The same
// struct is the metadata of a checkpoint.
struct ResNetOptions {
  int depth = 18;      // 18 or 34
  int64_t width = 64;  // channels of the stem; the groups have 1, 2, 4 and 8 times as many
  Stem stem = Stem::k3x3;
  int64_t classes = 10;
  int64_t channels = 1, height = 32, image_width = 32;  // of the images it classifies
  double mean = 0.5, scale = 5;                         // inputs enter as scale * (x - mean)
  double blur = 0;  // standard deviation of a fixed Gaussian in front of that, pixels; 0: none

  void Check() const;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("depth", self.depth, "18 or 34");
    visit("width", self.width, "channels of the stem");
    visit("stem", self.stem, "3x3 or 7x7");
    visit("classes", self.classes, "number of classes");
    visit("channels", self.channels, "1: grayscale, 3: colour");
    visit("height", self.height, "of the images");
    visit("image-width", self.image_width, "of the images");
    visit("mean", self.mean, "inputs enter as scale * (x - mean)");
    visit("scale", self.scale, "inputs enter as scale * (x - mean)");
    visit("blur", self.blur, "standard deviation of a fixed Gaussian in front of that, pixels; 0: none");
  }
};

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

// Evaluation mode, constant weights. The classifier keeps the network alive.
Classifier AsClassifier(ResNet network);

}  // namespace murine
