// SPDX-License-Identifier: Apache-2.0
#include "nn/foreign_resnet.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "nn/blocked.h"
#include "nn/checkpoint.h"
#include "nn/folded_resnet.h"

namespace murine {
namespace {

struct Block {
  std::vector<FoldedBlock> layers;
  std::optional<FoldedBlock> shortcut;
};

// Pooling knows plain features alone.
torch::Tensor MaxPool(const torch::Tensor& x) {
  const torch::Tensor pooled = torch::max_pool2d(ToPlain(x), /*kernel_size=*/3, /*stride=*/2, /*padding=*/1);
  return IsBlocked(x) ? ToBlocked(pooled, x.size(4)) : pooled;
}

struct Network {
  std::optional<FoldedBlock> stem;
  bool pooled = false;
  std::vector<Block> blocks;
  torch::nn::Linear head{nullptr};

  torch::Tensor Logits(const torch::Tensor& images) const {
    torch::Tensor x = (*stem)(images, Activation::kRelu);
    if (pooled) x = MaxPool(x);
    for (const Block& block : blocks) {
      const torch::Tensor shortcut = block.shortcut ? (*block.shortcut)(x, Activation::kNone) : x;
      for (size_t i = 0; i < block.layers.size(); ++i)
        x = block.layers[i](x, Activation::kRelu, i + 1 == block.layers.size() ? shortcut : torch::Tensor());
    }
    return torch::nn::Linear(head)->forward(ImageChannelMeans(x));
  }
};

class Reader {
 public:
  Reader(const SafeTensors& stored, const std::string& where) : stored_(stored), where_(where) {}

  bool Has(const std::string& name) const { return stored_.tensors.contains(name); }

  std::vector<int64_t> Shape(const std::string& name, size_t axes) const {
    const auto found = stored_.tensors.find(name);
    if (found == stored_.tensors.end() || found->second.shape.size() != axes)
      throw Error({.what = "not a ResNet with torchvision's names",
                   .where = where_,
                   .expected = fmt::format("tensor {} of {} axes", name, axes),
                   .got = found == stored_.tensors.end() ? "none" : FormatShape(found->second.shape)});
    return found->second.shape;
  }

  FoldedBlock ReadLayer(const std::string& convolution, const std::string& norm, int64_t stride) const {
    const std::vector<int64_t> shape = Shape(convolution + ".weight", 4);
    if (shape[2] != shape[3] || shape[2] % 2 == 0 || Has(convolution + ".bias"))
      throw Error({.what = "not a convolution of a ResNet",
                   .where = where_ + ", " + convolution,
                   .expected = "a square kernel of an odd side, without bias",
                   .got = FormatShape(shape)});
    torch::nn::Conv2d weights(torch::nn::Conv2dOptions(shape[1], shape[0], shape[2])
                                  .stride(stride)
                                  .padding(shape[2] / 2)
                                  .bias(false));
    torch::nn::BatchNorm2d statistics(shape[0]);
    CopyModule(stored_, convolution + ".", *weights, where_);
    CopyModule(stored_, norm + ".", *statistics, where_);
    return {weights, statistics};
  }

  // Of `channels` that come in; says how many go out.
  Block ReadBlock(const std::string& name, const int64_t stride, int64_t& channels) const {
    Block block;
    const int64_t before = channels;
    bool halved = false;
    for (int i = 1; Has(fmt::format("{}.conv{}.weight", name, i)); ++i) {
      const std::string convolution = fmt::format("{}.conv{}", name, i);
      const bool halves =
          !halved && Shape(convolution + ".weight", 4)[2] == 3;  // a bottleneck begins with 1x1
      ExpectInputs(convolution, channels);
      block.layers.push_back(ReadLayer(convolution, fmt::format("{}.bn{}", name, i), halves ? stride : 1));
      channels = block.layers.back().weight.size(0);
      halved = halved || halves;
    }
    const bool shortcut = Has(name + ".downsample.0.weight");
    if ((stride == 2 && !halved) || (!shortcut && (stride == 2 || channels != before)))
      throw Error({.what = "not a block of a ResNet",
                   .where = where_ + ", " + name,
                   .expected = stride == 2 && !halved ? "a 3x3 convolution"
                                                      : "a tensor " + name + ".downsample.0.weight",
                   .got = "none"});
    if (shortcut) {
      ExpectInputs(name + ".downsample.0", before);
      block.shortcut = ReadLayer(name + ".downsample.0", name + ".downsample.1", stride);
      if (block.shortcut->weight.size(0) != channels)
        throw Error({.what = "the shortcut of a block of a ResNet",
                     .where = where_ + ", " + name + ".downsample.0",
                     .expected = fmt::format("{} output channels, as the block has", channels),
                     .got = std::to_string(block.shortcut->weight.size(0))});
    }
    return block;
  }

  torch::nn::Linear ReadHead() const {
    const std::vector<int64_t> shape = Shape("fc.weight", 2);
    torch::nn::Linear head(shape[1], shape[0]);
    CopyModule(stored_, "fc.", *head, where_);
    Freeze(*head);
    return head;
  }

 private:
  void ExpectInputs(const std::string& convolution, int64_t channels) const {
    const int64_t got = Shape(convolution + ".weight", 4)[1];
    if (got != channels)
      throw Error({.what = "a convolution of a ResNet",
                   .where = where_ + ", " + convolution + ".weight",
                   .expected = fmt::format("{} input channels, which is what comes in; no groups", channels),
                   .got = std::to_string(got)});
  }

  static void Freeze(torch::nn::Module& module) {
    for (torch::Tensor& parameter : module.parameters()) parameter.set_requires_grad(false);
  }

  const SafeTensors& stored_;
  const std::string& where_;
};

// The stride of the first convolution; pooling goes with the stem of ImageNet.
int64_t StemStride(int64_t kernel, const std::string& stem, const std::string& where) {
  if (kernel == 3 && (stem.empty() || stem == "3x3")) return 1;
  if (kernel == 7 && stem == "7x7") return 1;
  if (kernel == 7 && stem == "imagenet") return 2;
  throw Error(
      {.what = "the stem of the ResNet",
       .where = where,
       .expected = kernel == 7 ? "--stem 7x7 (stride 1, no pooling) or imagenet (stride 2, max-pooling)"
                               : "3x3 or 7x7 kernels, and a --stem that fits them",
       .got = fmt::format("{0}x{0} kernels, {1}", kernel, stem.empty() ? "no --stem" : "--stem " + stem),
       .kind = ErrorKind::kUsage});
}

}  // namespace

Classifier ForeignResNet(const SafeTensors& stored, const std::string& stem, const std::string& where) {
  const Reader reader(stored, where);
  const std::vector<int64_t> first = reader.Shape("conv1.weight", 4);
  const auto network = std::make_shared<Network>();
  const int64_t stride = StemStride(first[2], stem, where);
  network->pooled = stride == 2;
  network->stem = reader.ReadLayer("conv1", "bn1", stride);
  size_t convolutions = 1;
  int64_t channels = first[0];
  for (int group = 1; reader.Has(fmt::format("layer{}.0.conv1.weight", group)); ++group)
    for (int block = 0; reader.Has(fmt::format("layer{}.{}.conv1.weight", group, block)); ++block) {
      network->blocks.push_back(reader.ReadBlock(fmt::format("layer{}.{}", group, block),
                                                 group > 1 && block == 0 ? 2 : 1, channels));
      convolutions += network->blocks.back().layers.size();
    }
  network->head = reader.ReadHead();
  Classifier classifier;
  classifier.logits = [network](const torch::Tensor& images) {
    return InRoundedBatch(images, [&network](const torch::Tensor& batch) { return network->Logits(batch); });
  };
  classifier.classes = reader.Shape("fc.weight", 2)[0];
  classifier.channels = first[1];
  classifier.description = fmt::format("ResNet-{} with torchvision's names, width {}, {} classes, stem {}{}",
                                       convolutions + 1, first[0], classifier.classes,
                                       stem.empty() ? "3x3" : stem, classifier.channels == 1 ? ", gray" : "");
  return classifier;
}

}  // namespace murine
