// SPDX-License-Identifier: Apache-2.0
// attack_bench NAME WIDTH SECONDS: attacks a network again and again and prints {"seconds": [...]}, those of
// one step of one image. No image is fooled within the budget, so that every one takes every step.
// scripts/bench runs it beside its peer.
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "nn/resnet.h"
#include "nn/tensor.h"
#include "nn/torch_setup.h"
#include "robustness/apgd.h"
#include "robustness/boundary.h"
#include "robustness/fmn.h"

namespace murine {
namespace {

struct Attack {
  int64_t images, steps;
  std::function<void()> run;
};

// A network whose predictions differ from image to image although nothing trained it, and images with the
// labels that it gives them.
struct Attacked {
  Classifier classifier;
  AttackInput input;
};

Attacked Prepare(int64_t width, int64_t images) {
  ResNetOptions options;
  options.width = width;
  ResNet network(options, 0);
  const torch::Tensor shown = UniformTensor({images, 1, 32, 32}, 0.3, 0.7, RandomStream(0, "images"));
  torch::NoGradGuard no_grad;
  torch::Tensor bias = network->named_parameters()["fc.bias"];
  bias.sub_(network->Logits(shown.slice(0, 0, 64), BatchStatistics::kRunning).mean(0));
  Classifier classifier = AsClassifier(network);
  const torch::Tensor labels = classifier.logits(shown).argmax(1);
  return {std::move(classifier), {shown, labels, torch::arange(images)}};
}

// Every image starts from another one that the network takes for something else.
torch::Tensor Starts(const AttackInput& input) {
  std::vector<int64_t> other;
  const auto labels = input.labels.accessor<int64_t, 1>();
  for (int64_t i = 0; i < labels.size(0); ++i) {
    int64_t j = (i + 1) % labels.size(0);
    while (labels[j] == labels[i] && j != i) j = (j + 1) % labels.size(0);
    if (j == i) throw Error({.what = "the network takes all images for the same"});
    other.push_back(j);
  }
  return input.images.index_select(0, ToTensor(std::span<const int64_t>(other))).unsqueeze(1);
}

Attack Make(const std::string& name, int64_t width) {
  const int64_t images = name == "boundary" ? 1000 : 64;
  auto attacked = std::make_shared<Attacked>(Prepare(width, images));
  if (name == "boundary") {
    attacked->input.starts = Starts(attacked->input);
    return {images, 25, [attacked] {
              Boundary(attacked->classifier, attacked->input, BoundaryOptions{.steps = 25, .blends = 1});
            }};
  }
  if (name == "apgd")
    return {images, 20, [attacked] {
              Apgd(attacked->classifier, attacked->input, Norm::kLinf, 1e-7, ApgdOptions{.steps = 20});
            }};
  if (name == "fmn")
    return {images, 20,
            [attacked] { Fmn(attacked->classifier, attacked->input, Norm::kLinf, FmnOptions{.steps = 20}); }};
  throw Error({.what = "no such benchmark", .got = name, .kind = ErrorKind::kUsage});
}

Json Time(const Attack& attack, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  attack.run();
  std::vector<double> times;
  for (const auto start = Clock::now(); times.size() < 2 || since(start) < seconds;) {
    const auto before = Clock::now();
    attack.run();
    times.push_back(since(before) / static_cast<double>(attack.images * attack.steps));
  }
  return {{"seconds", times}};
}

}  // namespace
}  // namespace murine

int main(int argc, char** argv) {
  try {
    if (argc != 4) throw murine::Error({.what = "usage: attack_bench NAME WIDTH SECONDS"});
    murine::SetUpTorch(0);
    std::cout << murine::Time(murine::Make(argv[1], std::atoll(argv[2])), std::atof(argv[3])) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
