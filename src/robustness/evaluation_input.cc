// SPDX-License-Identifier: Apache-2.0
#include "robustness/evaluation_input.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/error.h"
#include "base/memory_need.h"
#include "nn/load_classifier.h"
#include "nn/resnet_size.h"
#include "nn/tensor.h"
#include "robustness/defence_checks.h"
#include "robustness/test_spec.h"
#include "robustness/victim.h"

namespace murine {
namespace {

Classifier Load(const EvaluateOptions& options, const std::string& path, const ImageSet& images) {
  return LoadClassifier(path, {.normalize = options.normalize,
                               .stem = options.stem,
                               .code = options.allow_torchscript ? ForeignCode::kRun : ForeignCode::kRefuse,
                               .channels = images.channels,
                               .height = images.height,
                               .width = images.width});
}

void CheckSource(const Classifier& source, const Classifier& classifier) {
  const auto shape = [](const Classifier& model) {
    return fmt::format("{} classes, {}x{}x{}", model.classes, model.channels, model.height, model.width);
  };
  if (shape(source) != shape(classifier))
    throw Error({.what = "the model of --transfer-from is of another shape",
                 .expected = shape(classifier),
                 .got = shape(source)});
}

// Frost that was asked for and cannot be made, published arrays that are not there.
Json LeftOut(const EvaluateOptions& options, const EvaluationInput& input) {
  Json left_out = Json::array();
  for (const CorruptionTest& test : ParseCorruptionTests(options.corruptions))
    if (input.frost.textures.empty() &&
        std::find(test.kinds.begin(), test.kinds.end(), Corruption::kFrost) != test.kinds.end())
      left_out.push_back(
          {{"set", "cifar10-c-like"}, {"name", "frost"}, {"why", "no textures: name a folder by --frost"}});
  if (!input.published) return left_out;
  for (const auto& [kind, name] : EnumNames(Corruption{})) {
    const auto& kinds = input.published->kinds();
    if (FrequencyClassOf(kind) && std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      left_out.push_back(
          {{"set", "cifar10-c"}, {"name", std::string(name)}, {"why", "no such file in --cifar10-c"}});
  }
  return left_out;
}

// Of a batch the largest features come and go; for an attack's gradients each layer's stay.
void RequireMemoryFor(const EvaluateOptions& options) {
  constexpr int64_t kFloat = sizeof(float);
  const auto size = SizeOfModel(options.transfer_from.empty() ? options.model : options.transfer_from);
  if (!size) return;
  const MemoryNeed need{fmt::format("the features of {} images", options.batch),
                        options.batch * (options.attacks.empty() ? size->largest : size->outputs) * kFloat};
  RequireMemory("this evaluation", std::span(&need, 1), "a smaller --batch");
}

}  // namespace

void CheckFits(const ImageSet& images, const Classifier& classifier, const std::string& data) {
  if (images.channels != classifier.channels)
    throw Error({.what = "the model sees images of other channels",
                 .where = data,
                 .expected = fmt::format("{}", classifier.channels),
                 .got = fmt::format("{}", images.channels),
                 .hint = classifier.channels == 3 ? "it wants images with colours, and --color"
                                                  : "leave --color away"});
  for (size_t i = 0; i < images.labels.size(); ++i)
    if (images.labels[i] >= classifier.classes)
      throw Error({.what = "label outside the model's classes",
                   .where = fmt::format("{}, image {}", data, i),
                   .expected = fmt::format("0 to {}", classifier.classes - 1),
                   .got = fmt::format("{}", images.labels[i])});
}

ImageSet FitToModel(const ImageSet& images, const Classifier& classifier) {
  if (images.height == classifier.height && images.width == classifier.width) return images;
  return Resize(images, classifier.height, classifier.width);
}

EvaluationInput PrepareEvaluation(const EvaluateOptions& options) {
  if (options.data.empty())
    throw Error({.what = "--data is missing", .expected = "a labelled image set", .kind = ErrorKind::kUsage});
  options.CheckTests();
  EvaluationInput input;
  input.config = OptionsToJson(options);
  input.config.erase("allow-torchscript");
  input.original =
      LoadImages(options.data, {.split = Split::kTest, .color = options.color ? Color::kKeep : Color::kGray});
  const ImageSet& original = input.original;
  if (original.labels.empty()) throw Error({.what = "images without labels", .where = options.data});
  RequireMemoryFor(options);
  input.classifier = Load(options, options.model, original);
  CheckFits(original, input.classifier, options.data);
  for (const AttackTest& test : ParseAttackTests(options.attacks))  // the classes of a source are as many
    RequireClasses(input.classifier, test.kind, options.aim());
  input.config["model"] = input.classifier.hash;
  if (!options.transfer_from.empty()) {
    input.source = Load(options, options.transfer_from, original);
    CheckSource(*input.source, input.classifier);
    input.config["transfer-from"] = input.source->hash;
  }
  if (!options.frost.empty()) {
    input.frost = ReadFrostTextures(options.frost, original.height, original.width);
    input.config["frost"] = input.frost.hash;
  }
  if (!options.cifar10_c.empty()) {
    input.published.emplace(options.cifar10_c, options.data, original);
    input.config["cifar10-c"] = input.published->hash();
  }
  input.left_out = LeftOut(options, input);
  if (!input.left_out.empty()) {
    std::string names;
    for (const Json& entry : input.left_out)
      names += (names.empty() ? "" : ", ") + entry["set"].get<std::string>() + " " +
               entry["name"].get<std::string>();
    spdlog::warn("left out: {} ({})", names, input.left_out[0]["why"].get<std::string>());
  }
  input.config["data"] = ImageSetSpec::Parse(options.data).Identity();
  input.config["data_hash"] = LabelledHash(original);
  input.images = FitToModel(original, input.classifier);
  const bool resized = input.images.height != original.height || input.images.width != original.width;
  const std::string size = fmt::format("{}x{}", input.classifier.height, input.classifier.width);
  input.config["resized"] = resized ? Json(size) : Json(nullptr);
  if (resized)
    spdlog::info("images of {} x {} are resized to the model's {}", original.height, original.width, size);

  constexpr int64_t kFew = 8;
  const int64_t few = std::min(kFew, input.images.count());
  const torch::Tensor sample = ToTensor(input.images.Floats(0, few),
                                        {few, original.channels, input.images.height, input.images.width});
  RequireEvaluationMode(input.classifier, sample);
  if (input.source) RequireEvaluationMode(*input.source, sample);
  return input;
}

}  // namespace murine
