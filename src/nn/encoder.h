// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/options.h"
#include "nn/core.h"
#include "nn/modulator.h"
#include "nn/readout.h"
#include "nn/shifter.h"
#include "nn/torch.h"

namespace murine {

// The architecture, as it stands in a checkpoint's metadata.
struct EncoderOptions {
  int64_t channels = 32, layers = 3, input_kernel = 9, hidden_kernel = 3, stride = 1;
  int64_t height = 36, width = 64;  // of the images
  int64_t neurons = 0;
  bool shifter = true, modulator = true;

  void Check() const;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("channels", self.channels, "of each layer of the core");
    visit("layers", self.layers, "of the core");
    visit("input-kernel", self.input_kernel, "of the first layer, pixels");
    visit("hidden-kernel", self.hidden_kernel, "of the other layers");
    visit("stride", self.stride, "of the first layer, pixels");
    visit("height", self.height, "of the images");
    visit("width", self.width, "of the images");
    visit("neurons", self.neurons, "of the recording");
    visit("shifter", self.shifter, "the readout follows the pupil");
    visit("modulator", self.modulator, "gains follow behaviour");
  }
};

// What the mouse did in some trials, in the recording's units; undefined where the recording has none.
struct Conditions {
  torch::Tensor behavior;      // [n, 3]
  torch::Tensor pupil_center;  // [n, 2]
};

// A whole encoding model of one scan: elu(readout(core(x), shift) * gain + bias) + 1. The first layer scales
// its inputs, the last its outputs, with constants that are stored with the model.
class EncoderImpl : public torch::nn::Module {
 public:
  EncoderImpl(const EncoderOptions& options, uint64_t seed);

  // Means and standard deviations of the training trials. A neuron that is all but silent is divided by a
  // hundredth of the mean deviation instead of its own.
  void SetScales(const torch::Tensor& images, const torch::Tensor& responses, const Conditions& conditions);

  // images [n, 1, h, w] in [0, 1] -> features; readings of many conditions can share them.
  torch::Tensor Features(const torch::Tensor& images);
  // -> responses in units of each neuron's standard deviation [n, neurons].
  torch::Tensor Respond(const torch::Tensor& features, const Conditions& conditions);
  // Neutral eye position and behaviour (their means), in the recording's units.
  torch::Tensor Denoised(const torch::Tensor& images);

  // Start positions of the readout [neurons, 2].
  void PlaceReadout(const torch::Tensor& positions) { readout_->Place(positions); }

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
