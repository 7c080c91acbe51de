// SPDX-License-Identifier: Apache-2.0
#include "nn/load_classifier.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <vector>

#include "base/error.h"
#include "base/numbers.h"
#include "nn/foreign_resnet.h"
#include "nn/load_resnet.h"
#include "nn/tensor.h"
#include "nn/torchscript.h"

namespace murine {
namespace {

// The model behind (x - mean) / sd.
Classifier Normalized(Classifier model, const std::string& normalize) {
  if (normalize == "none") {
    model.description += ", inputs enter as they are";
    return model;
  }
  const size_t colon = normalize.find(':');
  const std::string_view text = normalize;
  const std::vector<double> mean = NumbersOf(text.substr(0, colon));
  const std::vector<double> sd =
      colon == std::string::npos ? std::vector<double>{} : NumbersOf(text.substr(colon + 1));
  const auto fits = [&](const std::vector<double>& values) {
    return values.size() == 1 || static_cast<int64_t>(values.size()) == model.channels;
  };
  bool positive = true;
  for (const double value : sd) positive = positive && value > 0;
  if (!fits(mean) || !fits(sd) || !positive)
    throw Error(
        {.what = "malformed --normalize",
         .expected = fmt::format("none, or MEAN,...:SD,... with one value or {}, each SD above 0, such as "
                                 "0.5:0.25",
                                 model.channels),
         .got = normalize,
         .kind = ErrorKind::kUsage});
  const auto tensor = [](const std::vector<double>& values) {
    return ToTensor(std::vector<float>(values.begin(), values.end()),
                    {1, static_cast<int64_t>(values.size()), 1, 1});
  };
  model.logits = [logits = std::move(model.logits), center = tensor(mean), scale = tensor(sd)](
                     const torch::Tensor& images) { return logits((images - center) / scale); };
  model.description +=
      fmt::format(", inputs enter as (x - {}) / {}", text.substr(0, colon), text.substr(colon + 1));
  return model;
}

Classifier LoadForeign(const SafeTensors& stored, const LoadClassifierOptions& options,
                       const std::string& where) {
  if (stored.metadata.contains("encoding_model") || !stored.tensors.contains("conv1.weight"))
    throw Error({.what = "not a classifier of murine's",
                 .where = where,
                 .expected = "metadata entry 'resnet', or the tensors of a ResNet by torchvision's names",
                 .hint = stored.metadata.contains("encoding_model") ? "this is an encoding model" : ""});
  if (options.normalize.empty())
    throw Error({.what = "the file does not say how inputs are scaled",
                 .where = where,
                 .expected = "--normalize MEAN,...:SD,... or none",
                 .kind = ErrorKind::kUsage});
  Classifier model = ForeignResNet(stored, options.stem, where);
  model.height = options.height;
  model.width = options.width;
  return Normalized(std::move(model), options.normalize);
}

}  // namespace

Classifier LoadClassifier(const std::filesystem::path& path, const LoadClassifierOptions& options) {
  const std::filesystem::path file = ModelFile(path);
  if (LooksLikeTorchScript(file)) {
    if (options.code == ForeignCode::kRefuse)
      throw Error(
          {.what = "a TorchScript file is code",
           .where = file.string(),
           .hint =
               "if you trust where it is from: evaluate --allow-torchscript runs it, no other command does",
           .kind = ErrorKind::kUsage});
    Classifier model = LoadTorchScript(file, options.channels, options.height, options.width);
    return Normalized(std::move(model), options.normalize.empty() ? "none" : options.normalize);
  }
  const SafeTensors stored = ReadSafeTensors(file);
  const bool own = stored.metadata.contains("resnet");
  if (own && !(options.normalize + options.stem).empty())
    spdlog::warn("{} says itself how it is made: --normalize and --stem are not used for it", file.string());
  Classifier classifier =
      own ? AsClassifier(ReadResNet(stored, file.string())) : LoadForeign(stored, options, file.string());
  classifier.hash = ModelHash(stored, file);
  return classifier;
}

}  // namespace murine
