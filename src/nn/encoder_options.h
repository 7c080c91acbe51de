// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/options.h"

namespace murine {

// The part of an encoding model that all neurons share.
enum class CoreKind {
  kDense,    // every layer sees all earlier ones, the readout all of them (Sinz et al. 2018)
  kStacked,  // depth-separable layers one after another, the readout sees the last (Willeke et al. 2022)
  kLinear,   // the same without nonlinearities: with the output's, a linear-nonlinear model
};
inline std::span<const EnumName<CoreKind>> EnumNames(CoreKind) {
  static constexpr EnumName<CoreKind> kNames[] = {
      {CoreKind::kDense, "dense"}, {CoreKind::kStacked, "stacked"}, {CoreKind::kLinear, "linear"}};
  return kNames;
}

// Where a neuron reads while its model is fitted; afterwards all read at their place.
enum class ReadoutKind {
  kPoint,      // at its place
  kGaussian,   // at a place drawn about it, of a full covariance that is learned (Lurz et al. 2021)
  kIsotropic,  // the same with one standard deviation for all directions
};
inline std::span<const EnumName<ReadoutKind>> EnumNames(ReadoutKind) {
  static constexpr EnumName<ReadoutKind> kNames[] = {{ReadoutKind::kPoint, "point"},
                                                     {ReadoutKind::kGaussian, "gaussian"},
                                                     {ReadoutKind::kIsotropic, "gaussian-isotropic"}};
  return kNames;
}

// Where the places come from.
enum class PlaceKind {
  kLearned,  // one for each neuron
  kCortex,   // a small network's, from where the neuron lies in the cortex (Lurz et al. 2021)
};
inline std::span<const EnumName<PlaceKind>> EnumNames(PlaceKind) {
  static constexpr EnumName<PlaceKind> kNames[] = {{PlaceKind::kLearned, "learned"},
                                                   {PlaceKind::kCortex, "cortex"}};
  return kNames;
}

// The architecture, as it stands in a checkpoint's metadata.
struct EncoderOptions {
  CoreKind core = CoreKind::kDense;
  int64_t channels = 32, layers = 3, input_kernel = 9, hidden_kernel = 3, stride = 1;
  ReadoutKind readout = ReadoutKind::kPoint;
  PlaceKind places = PlaceKind::kLearned;
  int64_t scales = 1;
  int64_t height = 36, width = 64;  // of the images
  int64_t neurons = 0;
  bool shifter = true, modulator = true;

  void Check() const;
  int64_t CoreValues() const;     // filters of the core
  int64_t ReadoutValues() const;  // the neurons' weights

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("core", self.core, "dense, stacked or linear");
    visit("channels", self.channels, "of each layer of the core");
    visit("layers", self.layers, "of the core");
    visit("input-kernel", self.input_kernel, "of the first layer, pixels");
    visit("hidden-kernel", self.hidden_kernel, "of the other layers");
    visit("stride", self.stride, "of the first layer, pixels");
    visit("readout", self.readout, "point, gaussian or gaussian-isotropic");
    visit("places", self.places, "learned, or from the cortex");
    visit("scales", self.scales, "of the features that the readout reads");
    visit("height", self.height, "of the images");
    visit("width", self.width, "of the images");
    visit("neurons", self.neurons, "of the recording");
    visit("shifter", self.shifter, "the readout follows the pupil");
    visit("modulator", self.modulator, "gains follow behaviour");
  }
};

}  // namespace murine
