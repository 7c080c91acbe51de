// SPDX-License-Identifier: Apache-2.0
// readout_bench NAME SECONDS: the readout of an encoding model, or a whole step of its fit, again and again;
// prints {"seconds": [...], "working_bytes": N}: what a step takes beyond its inputs and the gradients that
// it gives. scripts/bench runs it beside readout_pytorch.py.
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "nn/encoder.h"
#include "nn/tensor.h"
#include "nn/torch_setup.h"
#include "train/adam.h"
#include "train/fit_loss.h"
#include "train/place_noise.h"

namespace murine {
namespace {

constexpr int64_t kTrials = 128, kChannels = 64, kNeurons = 8000, kHeight = 36, kWidth = 64;

struct Work {
  std::function<void()> step;
  int64_t gradient_bytes = 0;  // that a step gives
};

torch::Tensor Drawn(at::IntArrayRef shape, double low, double high) {
  return UniformTensor(shape, low, high, RandomStream(0, "bench"));
}

Work ReadForwardAndBackward() {
  const std::vector<torch::Tensor> inputs = {
      Drawn({kTrials, kHeight, kWidth, kChannels}, -1, 1).permute({0, 3, 1, 2}),  // channels_last
      Drawn({kTrials, kNeurons, 2}, -1, 1), Drawn({kNeurons, kChannels}, -1, 1)};
  Work work;
  for (const torch::Tensor& input : inputs) {
    input.set_requires_grad(true);
    work.gradient_bytes += static_cast<int64_t>(input.nbytes());
  }
  work.step = [inputs, mix = Drawn({kTrials, kNeurons}, -1, 1)] {
    ReadPoints(inputs[0], inputs[1], inputs[2]).backward(mix);
    for (const torch::Tensor& input : inputs) input.mutable_grad().reset();
  };
  return work;
}

// The Sensorium baseline (Willeke et al. 2022, arXiv 2206.08666): four layers of 64 channels,
// depth-separable, a Gaussian readout of full covariance, shifter, gains by behaviour.
Work FitStep() {
  FitOptions fit;
  EncoderOptions options{.core = CoreKind::kStacked,
                         .channels = kChannels,
                         .layers = 4,
                         .input_kernel = 9,
                         .hidden_kernel = 7,
                         .readout = ReadoutKind::kGaussian,
                         .height = kHeight,
                         .width = kWidth,
                         .neurons = kNeurons};
  auto encoder = std::make_shared<Encoder>(options, 0);
  auto adam = std::make_shared<Adam>((*encoder)->parameters());
  auto count = std::make_shared<uint64_t>(0);
  const torch::Tensor images = Drawn({kTrials, 1, kHeight, kWidth}, 0, 1),
                      recorded = Drawn({kTrials, kNeurons}, 0, 2);
  const Conditions conditions{Drawn({kTrials, 3}, 0, 1), Drawn({kTrials, 2}, 0, 1)};
  (*encoder)->train();
  return {.step = [=] {
    Conditions drawn = conditions;
    drawn.place_noise = PlaceNoise(kTrials, kNeurons, 0, (*count)++, 0);
    adam->ZeroGradients();
    const torch::Tensor loss =
        ResponseLoss(LossKind::kPoisson, (*encoder)->Respond((*encoder)->Features(images), drawn), recorded);
    PenalizedLoss(loss, *encoder, fit, 4500, kTrials).backward();
    adam->Step(0.001);
    loss.item<float>();
  }};
}

Work MakeWork(const std::string& name) {
  if (name == "readout") return ReadForwardAndBackward();
  if (name == "fit-step") return FitStep();
  throw Error({.what = "no such benchmark", .got = name, .kind = ErrorKind::kUsage});
}

Json Time(const Work& work, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const int64_t before_any = PeakMemoryBytes();
  work.step();
  const int64_t working = PeakMemoryBytes() - before_any - work.gradient_bytes;
  work.step();
  std::vector<double> times;
  for (const auto start = Clock::now(); times.size() < 3 || since(start) < seconds;) {
    const auto before = Clock::now();
    work.step();
    times.push_back(since(before));
  }
  return {{"seconds", times}, {"working_bytes", working}};
}

}  // namespace
}  // namespace murine

int main(int argc, char** argv) {
  try {
    if (argc != 3) throw murine::Error({.what = "usage: readout_bench NAME SECONDS"});
    murine::SetUpTorch(0);
    std::cout << murine::Time(murine::MakeWork(argv[1]), std::atof(argv[2])) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
