// SPDX-License-Identifier: Apache-2.0
// For tests.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "nn/resnet.h"
#include "nn/tensor.h"
#include "robustness/attack.h"
#include "robustness/suite.h"

namespace murine {

// A small network with random weights, images that it gets right for the most part.
struct Evaluated {
  TemporaryFolder folder;
  EvaluateOptions options;
  static constexpr int64_t kImages = 14;

  explicit Evaluated(int64_t channels = 1, uint64_t seed = 1, int64_t width = 3, int64_t classes = 5) {
    const ResNetOptions shape{
        .width = width, .classes = classes, .channels = channels, .height = 8, .image_width = 9};
    ResNet network(shape, seed);
    SafeTensors file;
    AddModule(file, "", *network);
    file.metadata["resnet"] = OptionsToJson(shape).dump();
    WriteSafeTensors(Path("model.safetensors"), file);
    const Classifier classifier = AsClassifier(network);
    RandomStream stream(4, "images");
    std::vector<uint8_t> pixels(static_cast<size_t>(kImages * channels * 8 * 9));
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(stream.Below(256));
    std::vector<float> floats(pixels.begin(), pixels.end());
    const torch::Tensor images = ToTensor(floats, {kImages, channels, 8, 9}) / 255;
    torch::NoGradGuard no_grad;
    const torch::Tensor predicted = classifier.logits(images).argmax(1);
    std::vector<int64_t> labels(predicted.data_ptr<int64_t>(), predicted.data_ptr<int64_t>() + kImages);
    labels[3] = (labels[3] + 1) % classes;
    WriteNpy<uint8_t>(Path("images.npy"), {kImages, channels, 8, 9}, pixels);
    WriteNpy<int64_t>(Path("labels.npy"), {kImages}, labels);
    options.model = Path("model.safetensors");
    options.data = "npy:" + Path("images.npy") + "," + Path("labels.npy");
    options.color = channels == 3;
    options.noise = "";
    options.pgd_steps = 5;
    options.attack_steps = 6;
  }
  std::string Path(const std::string& name) const { return (folder.path() / name).string(); }
  Json Run(const std::string& name = "out.json") const { return Evaluate(options, Path(name)); }
};

}  // namespace murine
