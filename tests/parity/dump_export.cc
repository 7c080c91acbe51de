// SPDX-License-Identifier: Apache-2.0
// A ResNet-18 with odd statistics as murine stores it, what `export` makes of it, and its logits of 1,000
// images.
#include <filesystem>

#include "nn/checkpoint.h"
#include "nn/export_model.h"
#include "nn/folded_resnet.h"
#include "nn/tensor.h"

using namespace murine;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  torch::NoGradGuard no_grad;
  ResNetOptions options;
  options.width = 8;
  options.channels = 3;
  options.height = 16;
  options.image_width = 20;
  options.mean = 0.47;
  options.scale = 4.5;
  ResNet network(options, 5);
  for (const auto& entry : network->named_buffers())
    if (entry.key().ends_with("running_mean"))
      entry.value().copy_(NormalTensor(entry.value().sizes(), 0.3, RandomStream(1, entry.key())));
    else if (entry.key().ends_with("running_var"))
      entry.value().copy_(UniformTensor(entry.value().sizes(), 0.5, 2, RandomStream(1, entry.key())));
  SafeTensors model;
  AddModule(model, "", *network);
  model.metadata["resnet"] = OptionsToJson(options).dump();
  WriteSafeTensors(folder / "model.safetensors", model);
  for (const char* name : {"exported.onnx", "exported.safetensors"})
    ExportModel({.model = folder.string()}, folder / name);
  const torch::Tensor images = UniformTensor({1000, 3, 16, 20}, 0, 1, RandomStream(1, "images"));
  SafeTensors dump;
  AddTensor(dump, "images", images);
  AddTensor(dump, "logits", FoldedResNet(network).Logits(images));
  WriteSafeTensors(folder / "dump.safetensors", dump);
}
