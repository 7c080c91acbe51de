// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "io/safetensors.h"
#include "nn/resnet.h"

namespace murine {

// A network that murine trained, with what its file says of it.
struct StoredResNet {
  ResNet network;
  std::map<std::string, std::string> metadata;  // "resnet", "config", "result": JSON texts
  std::string hash;                             // SHA-256 of the file
};

// A run folder or its model.safetensors. Errors: missing, damaged, not a classifier that murine trained.
StoredResNet LoadResNet(const std::filesystem::path& path);

// The file of a model: itself, or a run folder's model.safetensors. Error: a folder without one.
std::filesystem::path ModelFile(const std::filesystem::path& path);
// The network of a file whose metadata hold "resnet".
ResNet ReadResNet(const SafeTensors& stored, const std::string& where);
// The hash that the file carries, or that of its content.
std::string ModelHash(const SafeTensors& stored, const std::filesystem::path& file);

}  // namespace murine
