// SPDX-License-Identifier: Apache-2.0
// murine_bench NAME WIDTH SECONDS: does one piece of work again and again and prints {"seconds": [...],
// "peak_bytes": N}. scripts/bench runs it beside its peer.
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "nn/tensor.h"
#include "nn/torch_setup.h"
#include "robustness/pgd.h"
#include "similarity/pairs.h"
#include "train/classifier_state.h"
#include "train/joint_loss.h"

namespace murine {
namespace {

using Step = std::function<void()>;

torch::Tensor Images(int64_t n, int64_t height, int64_t width) {
  return UniformTensor({n, 1, height, width}, 0, 1, RandomStream(0, "images"));
}

torch::Tensor Labels(int64_t n) {
  torch::Tensor labels = torch::arange(n);
  return labels.remainder(10);
}

ResNetOptions Architecture(int64_t width) {
  ResNetOptions options;
  options.width = width;
  return options;
}

StepData Data(bool regularized, PairScheme scheme, int64_t stimuli) {
  StepData data;
  data.images = Images(64, 32, 32);
  data.labels = Labels(64);
  if (!regularized) return data;
  data.stimuli = Images(stimuli, 36, 64);
  data.pairs = DrawPairs(scheme, stimuli, stimuli, 0, 0, 0).pairs;
  data.wanted =
      UniformTensor({static_cast<int64_t>(data.pairs.size())}, -0.5, 0.5, RandomStream(0, "wanted"));
  return data;
}

Step Training(int64_t width, Engine engine, StepData data) {
  TrainOptions options;
  options.width = width;
  auto state = std::make_shared<ClassifierState>(Architecture(width), options);
  state->network->UseEngine(engine);
  return [state, data, options] {
    state->sgd.ZeroGradients();
    const StepLoss loss = JointLoss(state->network, state->similarity, data, options.clamp);
    torch::Tensor total = loss.task;
    if (loss.similarity.defined()) total = total + options.alpha * loss.similarity;
    total.backward();
    state->sgd.Step(0.01);
    total.item<float>();
  };
}

// The similarity loss alone, on features of all stages, forward and backward.
Step PairLoss(int64_t width) {
  auto network = std::make_shared<ResNet>(Architecture(width), 0);
  const StepData data = Data(true, PairScheme::kRandom, 32);
  std::array<torch::Tensor, kStages> stages;
  {
    torch::NoGradGuard no_grad;
    stages = (*network)->Stages(data.stimuli, BatchStatistics::kBatchApart);
  }
  for (torch::Tensor& stage : stages) stage.requires_grad_(true);
  StageSimilarity similarity(std::array<int64_t, kStages>{width, width, 2 * width, 4 * width, 8 * width});
  return [stages, data, similarity]() mutable {
    SimilarityLoss(similarity(stages, data.pairs), data.wanted, 1e-5).backward();
    for (torch::Tensor& stage : stages) stage.mutable_grad().reset();
  };
}

Classifier Trained(int64_t width) { return AsClassifier(ResNet(Architecture(width), 0)); }

Step Inference(int64_t width) {
  return [classifier = Trained(width), images = Images(256, 32, 32)] {
    torch::NoGradGuard no_grad;
    classifier.logits(images).argmax(1);
  };
}

Step ProjectedGradient(int64_t width) {
  const AttackInput input{Images(64, 32, 32), Labels(64), torch::arange(64)};
  auto point = std::make_shared<torch::Tensor>(input.images.clone());
  return [classifier = Trained(width), input, point] {
    const torch::Tensor gradient = InputGradient(classifier, *point, input.labels);
    *point = PgdStep(*point, gradient, input.images, Norm::kLinf, 0.03, 0.001);
  };
}

Step Make(const std::string& name, int64_t width) {
  const StepData plain = Data(false, PairScheme::kRandom, 0), paper = Data(true, PairScheme::kRandom, 32),
                 all = Data(true, PairScheme::kAll, 8);
  if (name == "train-fp32" || name == "train-memory") return Training(width, Engine::kFloat, plain);
  if (name == "train-bf16") return Training(width, Engine::kBfloat16, plain);
  if (name == "train-plain") return Training(width, Engine::kPlain, plain);
  if (name == "regularized-fp32") return Training(width, Engine::kFloat, paper);
  if (name == "regularized-bf16") return Training(width, Engine::kBfloat16, paper);
  if (name == "pairs-all") return Training(width, Engine::kFloat, all);
  if (name == "pair-loss") return PairLoss(width);
  if (name == "inference-fp32") return Inference(width);
  if (name == "pgd-fp32") return ProjectedGradient(width);
  throw Error({.what = "no such benchmark", .got = name, .kind = ErrorKind::kUsage});
}

Json Time(const Step& step, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  step();
  step();
  std::vector<double> times;
  for (const auto start = Clock::now(); times.size() < 3 || since(start) < seconds;) {
    const auto before = Clock::now();
    step();
    times.push_back(since(before));
  }
  return {{"seconds", times}, {"peak_bytes", PeakMemoryBytes()}};
}

}  // namespace
}  // namespace murine

int main(int argc, char** argv) {
  try {
    if (argc != 4) throw murine::Error({.what = "usage: murine_bench NAME WIDTH SECONDS"});
    murine::SetUpTorch(0);
    std::cout << murine::Time(murine::Make(argv[1], std::atoll(argv[2])), std::atof(argv[3])) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
