// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder.h"

#include <fmt/format.h>

#include "base/error.h"

namespace murine {

void EncoderOptions::Check() const {
  const auto require = [](bool good, const char* what, const char* expected, int64_t got) {
    if (!good)
      throw Error(
          {.what = what, .expected = expected, .got = fmt::format("{}", got), .kind = ErrorKind::kUsage});
  };
  require(channels >= 1 && channels <= 4096, "--channels", "1 to 4096", channels);
  require(layers >= 1 && layers <= 32, "--layers", "1 to 32", layers);
  require(input_kernel >= 1 && input_kernel % 2 == 1, "--input-kernel", "an odd number", input_kernel);
  require(hidden_kernel >= 1 && hidden_kernel % 2 == 1, "--hidden-kernel", "an odd number", hidden_kernel);
  require(height >= 1, "size of the images", "at least 1", height);
  require(width >= 1, "size of the images", "at least 1", width);
  require(stride >= 1 && stride <= input_kernel, "--stride", "1 to the size of the first layer's filters",
          stride);
  require(neurons >= 1, "neurons of the recording", "at least 1", neurons);
}

EncoderImpl::EncoderImpl(const EncoderOptions& options, uint64_t seed) : options_(options) {
  options_.Check();
  core_ = register_module("core", Core(CoreImpl::Shape{options.channels, options.layers, options.input_kernel,
                                                       options.hidden_kernel, options.stride},
                                       seed));
  readout_ = register_module("readout", Readout(core_->features(), options.neurons, seed));
  if (options.shifter) shifter_ = register_module("shifter", Shifter(seed));
  if (options.modulator) modulator_ = register_module("modulator", Modulator(options.neurons, seed));
  bias_ = register_parameter("bias", torch::zeros({options.neurons}));
  image_mean_ = register_buffer("image_mean", torch::zeros({1}));
  image_scale_ = register_buffer("image_scale", torch::ones({1}));
  response_scale_ = register_buffer("response_scale", torch::ones({options.neurons}));
  behavior_mean_ = register_buffer("behavior_mean", torch::zeros({3}));
  behavior_scale_ = register_buffer("behavior_scale", torch::ones({3}));
  pupil_mean_ = register_buffer("pupil_mean", torch::zeros({2}));
  pupil_scale_ = register_buffer("pupil_scale", torch::ones({2}));
}

void EncoderImpl::SetScales(const torch::Tensor& images, const torch::Tensor& responses,
                            const Conditions& conditions) {
  torch::NoGradGuard no_grad;
  constexpr double kLeast = 1e-6, kSilent = 0.01;
  image_mean_.fill_(images.mean());
  image_scale_.fill_(images.std(/*unbiased=*/false).clamp_min(kLeast));
  const torch::Tensor deviation = responses.std(0, /*unbiased=*/false);
  const torch::Tensor least = (kSilent * deviation.mean()).clamp_min(kLeast);
  response_scale_.copy_(torch::maximum(deviation, least));
  // elu(bias) + 1 is the mean response where the readout gives nothing.
  const torch::Tensor mean = (responses.mean(0) / response_scale_).clamp_min(0.01);
  bias_.copy_(torch::where(mean > 1, mean - 1, mean.log()));
  if (conditions.behavior.defined()) {
    behavior_mean_.copy_(conditions.behavior.mean(0));
    behavior_scale_.copy_(conditions.behavior.std(0, false).clamp_min(kLeast));
  }
  if (conditions.pupil_center.defined()) {
    pupil_mean_.copy_(conditions.pupil_center.mean(0));
    pupil_scale_.copy_(conditions.pupil_center.std(0, false).clamp_min(kLeast));
  }
}

torch::Tensor EncoderImpl::Features(const torch::Tensor& images) {
  return core_((images - image_mean_) / image_scale_);
}

torch::Tensor EncoderImpl::Respond(const torch::Tensor& features, const Conditions& conditions) {
  torch::Tensor shift;
  if (shifter_) shift = shifter_((conditions.pupil_center - pupil_mean_) / pupil_scale_);
  torch::Tensor drive = readout_(features, shift);
  if (modulator_) drive = drive * modulator_((conditions.behavior - behavior_mean_) / behavior_scale_);
  return torch::elu(drive + bias_) + 1;
}

torch::Tensor EncoderImpl::Denoised(const torch::Tensor& images) {
  const int64_t n = images.size(0);
  const Conditions neutral{behavior_mean_.expand({n, 3}), pupil_mean_.expand({n, 2})};
  return Respond(Features(images), neutral) * response_scale_;
}

}  // namespace murine
