// SPDX-License-Identifier: Apache-2.0
// Vectors of a layer of a classifier.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "nn/load_classifier.h"
#include "nn/load_resnet.h"
#include "nn/resnet.h"
#include "nn/tensor.h"
#include "similarity/kinds.h"

namespace murine {
namespace {

// A classifier cut open: images [n, channels, height, width] in [0, 1] -> features, the first axis n.
struct Layer {
  std::function<torch::Tensor(const torch::Tensor& images)> features;
  int64_t channels = 1, height = 0, width = 0;
};

Layer LoadStage(const std::filesystem::path& path, size_t stage) {
  const std::string where = path.string();
  const SafeTensors stored = ReadSafeTensors(path);
  if (!stored.metadata.contains("resnet"))
    throw Error({.what = "a classifier whose inner layers are not known",
                 .where = where,
                 .expected = "a ResNet of murine's",
                 .hint = "--layer output takes what any classifier gives"});
  ResNet network = ReadResNet(stored, where);
  const ResNetOptions& options = network->options();
  return {.features =
              [network, stage](const torch::Tensor& images) mutable {
                return network->Stages(images, BatchStatistics::kRunning)[stage];
              },
          .channels = options.channels,
          .height = options.height,
          .width = options.image_width};
}

Layer LoadLayer(const std::filesystem::path& path, const std::string& name) {
  const size_t stage = StageOf(name);
  const Classifier classifier = LoadClassifier(path, {});  // its errors say what is wrong with the file
  if (stage < kStages) return LoadStage(ModelFile(path), stage);
  return {classifier.logits, classifier.channels, classifier.height, classifier.width};
}

}  // namespace

size_t StageOf(const std::string& layer) {
  const std::vector<std::string> names = {"stem", "layer1", "layer2", "layer3", "layer4", "output"};
  const auto found = std::find(names.begin(), names.end(), layer);
  if (found == names.end()) ThrowUnknownName("layer", layer, "", names, ErrorKind::kUsage);
  return static_cast<size_t>(found - names.begin());
}

std::string ClassifierHash(const std::filesystem::path& classifier) {
  return Sha256Hex(ReadFile(ModelFile(classifier)));
}

ImageVectors FeatureVectors(const ImageSet& images, const std::filesystem::path& classifier,
                            const std::string& name) {
  const Layer layer = LoadLayer(classifier, name);
  if (layer.channels != images.channels)
    throw Error({.what = "stimuli of other channels than the classifier's",
                 .where = images.name,
                 .expected = fmt::format("{}", layer.channels),
                 .got = fmt::format("{}", images.channels),
                 .hint = layer.channels == 3 ? "--color keeps colour" : ""});
  const bool fits = images.height == layer.height && images.width == layer.width;
  if (!fits)
    spdlog::info("{}: {} x {} images are resized to the classifier's {} x {}", images.name, images.height,
                 images.width, layer.height, layer.width);
  const auto seen =
      std::make_shared<const ImageSet>(fits ? images : Resize(images, layer.height, layer.width));
  const auto respond = [layer, seen](int64_t first, int64_t last) {
    torch::NoGradGuard no_grad;
    const torch::Tensor batch =
        ToTensor(seen->Floats(first, last), {last - first, seen->channels, seen->height, seen->width});
    return layer.features(batch).flatten(1);
  };
  return {.name = images.name,
          .dimensions = respond(0, 1).size(1),
          .fill = [respond](int64_t first, int64_t last, std::span<float> out) {
            std::ranges::copy(ToNdArray(respond(first, last)).values, out.begin());
          }};
}

}  // namespace murine
