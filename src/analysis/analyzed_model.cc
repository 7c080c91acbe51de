// SPDX-License-Identifier: Apache-2.0
#include "analysis/analyzed_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "base/error.h"
#include "base/memory_need.h"
#include "nn/blocked.h"
#include "nn/load_classifier.h"
#include "nn/load_resnet.h"
#include "nn/resnet_size.h"
#include "nn/tensor.h"
#include "robustness/evaluation_input.h"

namespace murine {
namespace {

constexpr int64_t kStageBatch = 100;

struct Loaded {
  AnalyzedModel model;
  std::string path;
  Json config;  // without the seed; null where the file does not say
};

std::string NameOfPath(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  if (folder.filename() == "model.safetensors") folder = folder.parent_path();
  static const std::regex kSeed("-seed[0-9]+(-[0-9a-f]+)?$");
  const std::string name = std::regex_replace(folder.stem().string(), kSeed, "");
  return name.empty() ? "model" : name;
}

Json MetadataEntry(const std::map<std::string, std::string>& metadata, const char* key,
                   const std::string& where) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? Json() : ParseJson(found->second, where);
}

Loaded Load(const std::string& path, const ImageSet& images, const ForeignInputs& inputs) {
  Loaded loaded;
  loaded.path = path;
  loaded.model.classifier = LoadClassifier(path, {.normalize = inputs.normalize,
                                                  .stem = inputs.stem,
                                                  .channels = images.channels,
                                                  .height = images.height,
                                                  .width = images.width});
  const std::filesystem::path file = ModelFile(path);
  if (!ReadSafeTensorsMetadata(file).contains("resnet")) return loaded;
  const StoredResNet stored = LoadResNet(path);
  loaded.model.network = std::make_shared<FoldedResNet>(stored.network);
  const ResNetOptions& shape = stored.network->options();
  loaded.model.largest_stage = SizeOf(shape, shape.height, shape.image_width).largest;
  loaded.config = MetadataEntry(stored.metadata, "config", file.string());
  if (loaded.config.is_object()) loaded.config.erase("seed");
  const Json result = MetadataEntry(stored.metadata, "result", file.string());
  if (result.is_object() && result.contains("stage_weights") && result["stage_weights"].size() == kStages)
    for (const Json& weight : result["stage_weights"])
      if (weight.is_number()) loaded.model.stage_weights.push_back(weight.get<double>());
  if (loaded.model.stage_weights.size() != kStages) loaded.model.stage_weights.clear();
  return loaded;
}

std::string ShapeOf(const Classifier& model) {
  return fmt::format("{} classes, {}x{}x{}", model.classes, model.channels, model.height, model.width);
}

// The name of the condition that this model belongs to, were it not named.
std::string FindCondition(const Loaded& loaded, const std::vector<Loaded>& before) {
  if (!loaded.config.is_null())
    for (const Loaded& other : before)
      if (other.config == loaded.config) return other.model.condition;
  const std::string base = NameOfPath(loaded.path);
  const auto taken = [&](const std::string& name) {
    return std::any_of(before.begin(), before.end(),
                       [&](const Loaded& other) { return other.model.condition == name; });
  };
  std::string name = base;
  for (int i = 2; taken(name); ++i) name = fmt::format("{} ({})", base, i);
  return name;
}

}  // namespace

const std::vector<std::string> kStageNames = {"stem", "layer1", "layer2", "layer3", "layer4"};

std::vector<AnalyzedModel> LoadModels(const std::vector<std::string>& named, const ImageSet& images,
                                      const ForeignInputs& inputs) {
  std::vector<Loaded> all;
  for (const std::string& text : named) {
    const size_t equals = text.find('=');
    // a path may hold a '=' itself
    const bool has_name = equals != std::string::npos && equals > 0 && !std::filesystem::exists(text);
    Loaded loaded = Load(has_name ? text.substr(equals + 1) : text, images, inputs);
    loaded.model.condition = has_name ? text.substr(0, equals) : FindCondition(loaded, all);
    for (const Loaded& other : all)
      if (other.model.condition == loaded.model.condition &&
          ShapeOf(other.model.classifier) != ShapeOf(loaded.model.classifier))
        throw Error({.what = "models of one condition differ in shape",
                     .where = loaded.path + ", condition " + loaded.model.condition,
                     .expected = ShapeOf(other.model.classifier),
                     .got = ShapeOf(loaded.model.classifier)});
    all.push_back(std::move(loaded));
  }
  std::vector<AnalyzedModel> models;
  for (Loaded& loaded : all) models.push_back(std::move(loaded.model));
  return models;
}

void RequireMemoryForStage(const AnalyzedModel& model, const StageNeed& need) {
  const MemoryNeed features{
      fmt::format("{} copies of a stage's features of {} images", need.copies, need.images),
      need.copies * need.images * model.largest_stage * static_cast<int64_t>(sizeof(float))};
  RequireMemory(fmt::format("part {} of {}", need.part, model.condition), std::span(&features, 1),
                fmt::format("{}, or --parts without {}", need.fewer, need.part));
}

torch::Tensor StageFeatures(const AnalyzedModel& model, const ImageSet& images, size_t stage) {
  torch::NoGradGuard no_grad;
  const ImageSet seen = FitToModel(images, model.classifier);
  if (seen.channels != 1 && seen.channels != model.classifier.channels)
    throw Error({.what = "colour images for a grayscale model", .where = images.name});
  std::vector<torch::Tensor> features;
  for (int64_t first = 0; first < seen.count(); first += kStageBatch) {
    const int64_t last = std::min(first + kStageBatch, seen.count());
    const torch::Tensor batch =
        ToTensor(seen.Floats(first, last), {last - first, seen.channels, seen.height, seen.width})
            .expand({-1, model.classifier.channels, -1, -1})
            .contiguous();
    features.push_back(ToPlain(model.network->Stages(batch)[stage]).flatten(1));
  }
  return torch::cat(features);
}

}  // namespace murine
