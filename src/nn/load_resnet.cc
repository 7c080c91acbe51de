// SPDX-License-Identifier: Apache-2.0
#include "nn/load_resnet.h"

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "nn/checkpoint.h"
#include "nn/resnet_size.h"

namespace murine {

std::filesystem::path ModelFile(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return path;
  if (std::filesystem::exists(path / "model.safetensors")) return path / "model.safetensors";
  const char* hint = std::filesystem::exists(path / "results.json")
                         ? "it was there when the training had finished: remove results.json, and the same "
                           "`murine train` trains it anew"
                     : std::filesystem::exists(path / "config.toml")
                         ? "the training has not finished: start the same `murine train` again"
                         : "name a run folder that `murine train` made";
  throw Error({.what = "no model.safetensors", .where = path.string(), .hint = hint});
}

ResNet ReadResNet(const SafeTensors& stored, const std::string& where) {
  ResNetOptions options;
  OptionsFromJson(ParseJson(stored.metadata.at("resnet"), where), options, where);
  InFile(where, [&] { options.Check(); });
  RequireStored(stored, SizeOf(options, options.height, options.image_width).parameters, where);
  ResNet network(options, /*seed=*/0);
  CopyModule(stored, "", *network, where);
  return network;
}

std::string ModelHash(const SafeTensors& stored, const std::filesystem::path& file) {
  return stored.hashed ? stored.metadata.at("sha256") : Sha256Hex(ReadFile(file));
}

StoredResNet LoadResNet(const std::filesystem::path& path) {
  const std::filesystem::path file = ModelFile(path);
  const SafeTensors stored = ReadSafeTensors(file);
  if (!stored.metadata.contains("resnet"))
    throw Error({.what = "not a classifier of murine's",
                 .where = file.string(),
                 .expected = "metadata entry 'resnet'",
                 .hint = stored.metadata.contains("encoding_model")
                             ? "this is an encoding model"
                             : "name a run folder that `murine train` made"});
  return {.network = ReadResNet(stored, file.string()),
          .metadata = stored.metadata,
          .hash = ModelHash(stored, file)};
}

}  // namespace murine
