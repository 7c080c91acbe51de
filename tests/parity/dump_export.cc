// SPDX-License-Identifier: Apache-2.0
// Classifiers as murine stores them, what `export` makes of them, and their logits of 1,000 images: a
// ResNet-18 with odd statistics in odd/, the same behind a blur in blurred/, and a small one that has learned
// Fashion-MNIST, on test images, in trained/.
#include <filesystem>

#include "data/image_set.h"
#include "nn/checkpoint.h"
#include "nn/export_model.h"
#include "nn/folded_resnet.h"
#include "nn/load_classifier.h"
#include "nn/tensor.h"
#include "nn/torch_setup.h"
#include "train/train_classifier.h"

using namespace murine;

namespace {

void Export(const std::filesystem::path& model, const std::filesystem::path& folder,
            const torch::Tensor& images, const torch::Tensor& logits, SafeTensors dump = {}) {
  for (const char* name : {"exported.onnx", "exported.safetensors"})
    ExportModel({.model = model.string()}, folder / name);
  AddTensor(dump, "images", images);
  AddTensor(dump, "logits", logits);
  WriteSafeTensors(folder / "dump.safetensors", dump);
}

void DumpOdd(const std::filesystem::path& folder, double blur) {
  ResNetOptions options;
  options.width = 8;
  options.channels = 3;
  options.height = 16;
  options.image_width = 20;
  options.mean = 0.47;
  options.scale = 4.5;
  options.blur = blur;
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
  const torch::Tensor images = UniformTensor({1000, 3, 16, 20}, 0, 1, RandomStream(1, "images"));
  Export(folder, folder, images, FoldedResNet(network).Logits(images));
}

void DumpTrained(const std::filesystem::path& folder) {
  constexpr int64_t kImages = 1000;
  TrainOptions options;
  options.data = "fashion-mnist@0-6000";
  options.width = 4;
  options.epochs = 2;
  options.lr = 0.05;
  TrainClassifier(options, folder / "run");
  torch::NoGradGuard no_grad;
  const ImageSet set = LoadImages("fashion-mnist@0-1000", {.split = Split::kTest});
  const torch::Tensor images =
      ToTensor(set.Floats(0, kImages), {kImages, set.channels, set.height, set.width});
  SafeTensors dump;
  dump.Add("labels", NdArray<int64_t>{{kImages}, {set.labels.begin(), set.labels.end()}});
  const Classifier classifier = LoadClassifier(folder / "run", {.height = set.height, .width = set.width});
  Export(folder / "run", folder, images, classifier.logits(images), dump);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  SetUpTorch(1);
  const std::filesystem::path folder = argv[1];
  for (const char* name : {"odd", "blurred", "trained"}) std::filesystem::create_directory(folder / name);
  {
    torch::NoGradGuard no_grad;
    DumpOdd(folder / "odd", 0);
    DumpOdd(folder / "blurred", 1.5);
  }
  DumpTrained(folder / "trained");
}
