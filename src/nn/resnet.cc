// SPDX-License-Identifier: Apache-2.0
#include "nn/resnet.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "nn/blocked.h"
#include "nn/blur.h"
#include "nn/folded_resnet.h"
#include "nn/tensor.h"

namespace murine {
namespace {

constexpr double kWidestBlur = 16;
constexpr int64_t kMostClasses = 1'000'000;
constexpr int64_t kMostSide = 16384;

torch::nn::Conv2d MakeConvolution(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

void Draw(torch::nn::Module& network, uint64_t seed) {
  torch::NoGradGuard no_grad;
  for (auto& entry : network.named_parameters()) {
    torch::Tensor& parameter = entry.value();
    const RandomStream stream(seed, "init/" + entry.key());
    if (parameter.dim() == 4) {
      const int64_t fan_out = parameter.size(0) * parameter.size(2) * parameter.size(3);
      parameter.copy_(NormalTensor(parameter.sizes(), std::sqrt(2.0 / static_cast<double>(fan_out)), stream));
    } else if (entry.key().starts_with("fc.")) {
      const double bound =
          1 / std::sqrt(static_cast<double>(network.named_parameters()["fc.weight"].size(1)));
      parameter.copy_(UniformTensor(parameter.sizes(), -bound, bound, stream));
    }
  }
}

}  // namespace

void ResNetOptions::Check() const {
  const auto refuse = [](std::string what, std::string expected, int64_t got) {
    throw Error({.what = std::move(what),
                 .expected = std::move(expected),
                 .got = fmt::format("{}", got),
                 .kind = ErrorKind::kUsage});
  };
  if (depth != 18 && depth != 34) refuse("depth of the ResNet", "18 or 34", depth);
  if (width < 1 || width > 1024) refuse("width of the ResNet", "1 to 1024 channels", width);
  if (classes < 2 || classes > kMostClasses)
    refuse("number of classes", fmt::format("2 to {}", kMostClasses), classes);
  if (channels != 1 && channels != 3) refuse("channels of the images", "1 or 3", channels);
  if (height < kLeastSide || image_width < kLeastSide)
    refuse("size of the images", fmt::format("at least {0} x {0}", kLeastSide),
           std::min(height, image_width));
  if (height > kMostSide || image_width > kMostSide)
    refuse("size of the images", fmt::format("at most {0} x {0}", kMostSide), std::max(height, image_width));
  if (!(blur >= 0 && blur <= kWidestBlur))
    throw Error({.what = "blur in front of the ResNet",
                 .expected = fmt::format("a standard deviation of 0 to {} pixels", kWidestBlur),
                 .got = fmt::format("{}", blur),
                 .kind = ErrorKind::kUsage});
}

torch::Tensor NetworkInput(const ResNetOptions& options, const torch::Tensor& images) {
  return ((options.blur > 0 ? GaussianBlur(images, options.blur) : images) - options.mean) * options.scale;
}

BasicBlockImpl::BasicBlockImpl(int64_t channels_in, int64_t channels_out, int64_t stride) {
  conv1 = register_module("conv1", MakeConvolution(channels_in, channels_out, 3, stride));
  bn1 = register_module("bn1", torch::nn::BatchNorm2d(channels_out));
  conv2 = register_module("conv2", MakeConvolution(channels_out, channels_out, 3, 1));
  bn2 = register_module("bn2", torch::nn::BatchNorm2d(channels_out));
  if (stride != 1 || channels_in != channels_out) {
    shortcut_conv = MakeConvolution(channels_in, channels_out, 1, stride);
    shortcut_bn = torch::nn::BatchNorm2d(channels_out);
    register_module("downsample", torch::nn::Sequential(shortcut_conv, shortcut_bn));
  }
}

torch::Tensor BasicBlockImpl::forward(const torch::Tensor& x, BatchStatistics statistics, Engine engine) {
  const torch::Tensor shortcut =
      shortcut_conv ? ConvBlock(x, shortcut_conv, shortcut_bn, statistics, Activation::kNone, engine) : x;
  const torch::Tensor hidden = ConvBlock(x, conv1, bn1, statistics, Activation::kRelu, engine);
  return ConvBlock(hidden, conv2, bn2, statistics, Activation::kRelu, engine, shortcut);
}

ResNetImpl::ResNetImpl(const ResNetOptions& options, uint64_t seed) : options_(options) {
  options_.Check();
  conv1_ = register_module(
      "conv1", MakeConvolution(options_.channels, options_.width, options_.stem == Stem::k3x3 ? 3 : 7, 1));
  bn1_ = register_module("bn1", torch::nn::BatchNorm2d(options_.width));
  const std::array<int, kStages - 1> blocks =
      options_.depth == 18 ? std::array{2, 2, 2, 2} : std::array{3, 4, 6, 3};
  int64_t channels = options_.width;
  for (size_t group = 0; group < groups_.size(); ++group) {
    const int64_t channels_out = options_.width << group;
    torch::nn::Sequential layer;
    for (int block = 0; block < blocks[group]; ++block) {
      const int64_t stride = group > 0 && block == 0 ? 2 : 1;
      groups_[group].push_back(BasicBlock(channels, channels_out, stride));
      layer->push_back(groups_[group].back());
      channels = channels_out;
    }
    register_module(fmt::format("layer{}", group + 1), layer);
  }
  fc_ = register_module("fc", torch::nn::Linear(channels, options_.classes));
  Draw(*this, seed);
}

std::array<torch::Tensor, kStages> ResNetImpl::Stages(const torch::Tensor& images,
                                                      BatchStatistics statistics) {
  std::array<torch::Tensor, kStages> stages;
  stages[0] = ConvBlock(NetworkInput(options_, images), conv1_, bn1_, statistics, Activation::kRelu, engine_);
  for (size_t group = 0; group < groups_.size(); ++group) {
    torch::Tensor x = stages[group];
    for (BasicBlock& block : groups_[group]) x = block->forward(x, statistics, engine_);
    stages[group + 1] = x;
  }
  return stages;
}

torch::Tensor ResNetImpl::Head(const torch::Tensor& last_stage) { return fc_(ImageChannelMeans(last_stage)); }

torch::Tensor ResNetImpl::Logits(const torch::Tensor& images, BatchStatistics statistics) {
  return Head(Stages(images, statistics).back());
}

Classifier AsClassifier(const ResNet& network) {
  const ResNetOptions options = network->options();
  Classifier classifier;
  classifier.logits = [folded = std::make_shared<FoldedResNet>(network)](const torch::Tensor& images) {
    return folded->Logits(images);
  };
  classifier.classes = options.classes;
  classifier.channels = options.channels;
  classifier.height = options.height;
  classifier.width = options.image_width;
  classifier.description =
      fmt::format("ResNet-{}, width {}, {} classes, {}x{}x{}, inputs enter as {} * (x - {})", options.depth,
                  options.width, options.classes, options.channels, options.height, options.image_width,
                  options.scale, options.mean);
  if (options.blur > 0)
    classifier.description += fmt::format(", blurred with a Gaussian of {} pixels before", options.blur);
  return classifier;
}

}  // namespace murine
