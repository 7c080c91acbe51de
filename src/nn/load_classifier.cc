// SPDX-License-Identifier: Apache-2.0
#include "nn/load_classifier.h"

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "nn/checkpoint.h"
#include "nn/resnet.h"

namespace murine {

Classifier LoadClassifier(const std::filesystem::path& path) {
  const bool folder = std::filesystem::is_directory(path);
  const std::filesystem::path file = folder ? path / "model.safetensors" : path;
  if (folder && !std::filesystem::exists(file))
    throw Error({.what = "no model.safetensors",
                 .where = path.string(),
                 .hint = std::filesystem::exists(path / "config.toml")
                             ? "the training has not finished: start the same `murine train` again"
                             : "name a run folder that `murine train` made"});
  const SafeTensors stored = ReadSafeTensors(file);
  const auto architecture = stored.metadata.find("resnet");
  if (architecture == stored.metadata.end())
    throw Error({.what = "not a classifier of murine's",
                 .where = file.string(),
                 .expected = "metadata entry 'resnet'",
                 .hint = stored.metadata.contains("encoding_model") ? "this is an encoding model" : ""});
  ResNetOptions options;
  OptionsFromJson(ParseJson(architecture->second, file.string()), options, file.string());
  ResNet network(options, /*seed=*/0);
  CopyModule(stored, "", *network, file.string());
  Classifier classifier = AsClassifier(network);
  classifier.hash = stored.hashed ? stored.metadata.at("sha256") : Sha256Hex(ReadFile(file));
  return classifier;
}

}  // namespace murine
