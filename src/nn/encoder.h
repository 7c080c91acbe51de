// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/core.h"
#include "nn/encoder_options.h"
#include "nn/modulator.h"
#include "nn/readout.h"
#include "nn/shifter.h"
#include "nn/torch.h"

namespace murine {

// What the mouse did in some trials, in the recording's units; undefined where the recording has none. And
// what moves the places of a Gaussian readout while it is fitted: standard normal; undefined otherwise.
struct Conditions {
  torch::Tensor behavior;          // [n, 3]
  torch::Tensor pupil_center;      // [n, 2]
  torch::Tensor place_noise = {};  // [n, neurons, 2]
};

// A whole encoding model of one scan: elu(readout(core(x), shift) * gain + bias) + 1. The first layer scales
// its inputs, the last its outputs, with constants that are stored with the model.
class EncoderImpl : public torch::nn::Module {
 public:
  EncoderImpl(const EncoderOptions& options, uint64_t seed);
  // Of another recording, with a core that others share: its options must be those of `core`.
  EncoderImpl(const EncoderOptions& options, uint64_t seed, Core core);

  // Means and standard deviations of the training trials. A neuron that is all but silent is divided by a
  // hundredth of the mean deviation instead of its own.
  void SetScales(const torch::Tensor& images, const torch::Tensor& responses, const Conditions& conditions);

  // images [n, 1, h, w] in [0, 1] -> features; readings of many conditions can share them.
  torch::Tensor Features(const torch::Tensor& images);
  // -> responses in units of each neuron's standard deviation [n, neurons].
  torch::Tensor Respond(const torch::Tensor& features, const Conditions& conditions);
  // Neutral eye position and behaviour (their means), in the recording's units.
  torch::Tensor Denoised(const torch::Tensor& images);

  // Start positions of the readout [neurons, 2]; for places from the cortex, coordinates come first.
  void PlaceReadout(const torch::Tensor& positions) { readout_->Place(positions); }
  void SetCoordinates(const torch::Tensor& position_um) { readout_->SetCoordinates(position_um); }
  bool draws_places() const { return readout_->draws_places(); }
  const Core& core() const { return core_; }

  torch::Tensor response_scale() const { return response_scale_; }  // [neurons]
  torch::Tensor LaplacePenalty() const { return core_->LaplacePenalty(); }
  torch::Tensor SparsityPenalty() const { return readout_->SparsityPenalty(); }
  const EncoderOptions& options() const { return options_; }

 private:
  EncoderOptions options_;
  Core core_{nullptr};
  Readout readout_{nullptr};
  Shifter shifter_{nullptr};
  Modulator modulator_{nullptr};
  torch::Tensor bias_;
  torch::Tensor image_mean_, image_scale_, response_scale_;
  torch::Tensor behavior_mean_, behavior_scale_, pupil_mean_, pupil_scale_;
};
TORCH_MODULE(Encoder);

}  // namespace murine
