// SPDX-License-Identifier: Apache-2.0
// A small encoding model with shifter and modulator in training and evaluation mode: what fit minimizes, all
// gradients, and some steps of Adam.
#include <filesystem>

#include "nn/checkpoint.h"
#include "nn/encoder.h"
#include "nn/tensor.h"
#include "train/adam.h"
#include "train/fit_loss.h"

using namespace murine;

namespace {

constexpr int64_t kTrials = 7, kNeurons = 5, kAllTrials = 100;
constexpr double kLearningRate = 0.01;
constexpr int kSteps = 4;

// No parameter stays at a value that hides a fault: biases are 0 and weights of the readout alike at first.
void Disturb(Encoder& encoder) {
  torch::NoGradGuard no_grad;
  for (auto& entry : encoder->named_parameters())
    entry.value().add_(NormalTensor(entry.value().sizes(), 0.2, RandomStream(3, entry.key())));
  encoder->PlaceReadout(
      torch::tensor({{0.1f, -0.35f}, {0.93f, 0.2f}, {-0.4f, 1.03f}, {-0.7f, -0.6f}, {1.6f, 0.1f}}));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  EncoderOptions options{.channels = 3,
                         .layers = 3,
                         .input_kernel = 5,
                         .hidden_kernel = 3,
                         .height = 12,
                         .width = 16,
                         .neurons = kNeurons};
  Encoder encoder(options, 5);
  Disturb(encoder);
  SafeTensors file;
  const torch::Tensor images = UniformTensor({kTrials, 1, 12, 16}, 0, 1, RandomStream(1, "images"));
  const torch::Tensor recorded =
      UniformTensor({kTrials, kNeurons}, 0, 3, RandomStream(1, "responses")) *
      torch::tensor({1.f, 0.2f, 4.f, 0.001f, 1.f});  // the fourth is all but silent
  const Conditions conditions{UniformTensor({kTrials, 3}, 20, 30, RandomStream(1, "behavior")),
                              UniformTensor({kTrials, 2}, 100, 160, RandomStream(1, "pupil"))};
  encoder->SetScales(images, recorded, conditions);
  Disturb(encoder);  // SetScales sets the bias
  AddModule(file, "start.", *encoder);
  AddTensor(file, "images", images);
  AddTensor(file, "recorded", recorded);
  AddTensor(file, "behavior", conditions.behavior);
  AddTensor(file, "pupil_center", conditions.pupil_center);

  FitOptions fit;
  fit.laplace = 0.7;
  fit.sparsity = 1.3;
  Adam adam(encoder->parameters());
  encoder->train();
  for (int step = 0; step < kSteps; ++step) {
    adam.ZeroGradients();
    const torch::Tensor predicted = encoder->Respond(encoder->Features(images), conditions);
    const torch::Tensor poisson = PoissonLoss(predicted, recorded / encoder->response_scale());
    const torch::Tensor loss = PenalizedLoss(poisson, encoder, fit, kAllTrials, kTrials);
    loss.backward();
    if (step == 0) {
      AddTensor(file, "predicted", predicted);
      AddTensor(file, "poisson", poisson);
      AddTensor(file, "loss", loss);
      for (const auto& entry : encoder->named_parameters())
        AddTensor(file, "gradient." + entry.key(), entry.value().grad());
      AddModule(file, "stepless.", *encoder);
    }
    adam.Step(kLearningRate);
  }
  AddModule(file, "end.", *encoder);
  encoder->eval();
  torch::NoGradGuard no_grad;
  AddTensor(file, "evaluated", encoder->Respond(encoder->Features(images), conditions));
  AddTensor(file, "denoised", encoder->Denoised(images));
  WriteSafeTensors(std::filesystem::path(argv[1]) / "dump.safetensors", file);
}
