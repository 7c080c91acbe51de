// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/options.h"
#include "data/image_set.h"
#include "io/ndarray.h"
#include "nn/encoding_model.h"

namespace murine {

// The images as the encoding model takes them: grayscale, else an Error; of its size, or resized to it, which
// is said.
ImageSet AsSeen(const Denoiser& denoiser, const ImageSet& images);

// Denoised responses [images, neurons] of one scan's neurons, at neutral eye position and behaviour. Images
// of another size than the model's are resized, and said to be.
NdArray<float> Predict(const Denoiser& denoiser, size_t scan, const ImageSet& images);

// Of all scans' neurons side by side, in the order of the scans.
NdArray<float> PredictAll(const Denoiser& denoiser, const ImageSet& images);

// `murine predict`.
struct PredictOptions {
  std::string model;
  std::string stimuli;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("model", self.model, "encoding model (safetensors)");
    visit("stimuli", self.stimuli, "image set the neurons are to see");
    visit("seed", self.seed, "nothing is drawn: any seed gives the same");
  }
};

// Writes the responses of all scans' neurons side by side, and R.json beside R.npy: images, neurons of each
// scan, hashes of model and stimuli. Returns that description.
Json MakePrediction(const PredictOptions& options, const std::filesystem::path& npy);

}  // namespace murine
