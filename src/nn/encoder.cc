// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder.h"

namespace murine {

namespace {

CoreImpl::Shape CoreShape(const EncoderOptions& options) {
  options.Check();
  return {.channels = options.channels,
          .layers = options.layers,
          .input_kernel = options.input_kernel,
          .hidden_kernel = options.hidden_kernel,
          .stride = options.stride,
          .kind = options.core};
}

}  // namespace

EncoderImpl::EncoderImpl(const EncoderOptions& options, uint64_t seed)
    : EncoderImpl(options, seed, Core(CoreShape(options), seed)) {}

EncoderImpl::EncoderImpl(const EncoderOptions& options, uint64_t seed, Core core) : options_(options) {
  options_.Check();
  core_ = register_module("core", core);
  readout_ = register_module("readout", Readout(ReadoutImpl::Shape{.features = core_->features(),
                                                                   .neurons = options.neurons,
                                                                   .scales = options.scales,
                                                                   .kind = options.readout,
                                                                   .places = options.places},
                                                seed));
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
  torch::Tensor drive = readout_->forward(features, shift, conditions.place_noise);
  if (modulator_) drive = drive * modulator_((conditions.behavior - behavior_mean_) / behavior_scale_);
  return torch::elu(drive + bias_) + 1;
}

torch::Tensor EncoderImpl::Denoised(const torch::Tensor& images) {
  const int64_t n = images.size(0);
  const Conditions neutral{behavior_mean_.expand({n, 3}), pupil_mean_.expand({n, 2})};
  return Respond(Features(images), neutral) * response_scale_;
}

}  // namespace murine
