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
  if (encoder->options().places == PlaceKind::kCortex) return;
  encoder->PlaceReadout(
      torch::tensor({{0.1f, -0.35f}, {0.93f, 0.2f}, {-0.4f, 1.03f}, {-0.7f, -0.6f}, {1.6f, 0.1f}}));
}

// The other core and readout: separable layers, drawn places, from the cortex or learned, two scales.
void DumpStacked(SafeTensors& file, const std::string& prefix, PlaceKind places,
                 const torch::Tensor& images) {
  Encoder encoder(EncoderOptions{.core = CoreKind::kStacked,
                                 .channels = 4,
                                 .layers = 3,
                                 .input_kernel = 5,
                                 .hidden_kernel = 3,
                                 .stride = 2,
                                 .readout = ReadoutKind::kGaussian,
                                 .places = places,
                                 .scales = 2,
                                 .height = 12,
                                 .width = 16,
                                 .neurons = kNeurons,
                                 .shifter = false,
                                 .modulator = false},
                  6);
  Disturb(encoder);
  const torch::Tensor um = UniformTensor({kNeurons, 3}, -300, 500, RandomStream(2, "um"));
  encoder->SetCoordinates(um);
  AddModule(file, prefix + "start.", *encoder);
  const torch::Tensor noise = NormalTensor({kTrials, kNeurons, 2}, 1, RandomStream(2, "noise"));
  const torch::Tensor mix = UniformTensor({kTrials, kNeurons}, 0.5, 1.5, RandomStream(2, "mix"));
  encoder->train();
  const torch::Tensor predicted = encoder->Respond(encoder->Features(images), {{}, {}, noise});
  (predicted * mix).sum().backward();
  AddTensor(file, prefix + "um", um);
  AddTensor(file, prefix + "noise", noise);
  AddTensor(file, prefix + "mix", mix);
  AddTensor(file, prefix + "predicted", predicted);
  for (const auto& entry : encoder->named_parameters())
    AddTensor(file, prefix + "gradient." + entry.key(), entry.value().grad());
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
    const torch::Tensor poisson =
        ResponseLoss(LossKind::kPoisson, predicted, recorded / encoder->response_scale());
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
  torch::AutoGradMode with_grad(true);
  DumpStacked(file, "stacked.", PlaceKind::kLearned, images);
  DumpStacked(file, "cortex.", PlaceKind::kCortex, images);
  WriteSafeTensors(std::filesystem::path(argv[1]) / "dump.safetensors", file);
}
