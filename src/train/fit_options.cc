// SPDX-License-Identifier: Apache-2.0
#include "train/fit_options.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace murine {

void FitOptions::Check() const {
  const auto require = [](bool good, const char* what, const char* expected, auto got) {
    if (!good)
      throw Error(
          {.what = what, .expected = expected, .got = fmt::format("{}", got), .kind = ErrorKind::kUsage});
  };
  require(!recordings.empty(), "recordings", "at least one", 0);
  require(lr > 0, "--lr", "above 0", lr);
  require(batch >= 2, "--batch", "at least 2", batch);
  require(max_epochs >= 1, "--max-epochs", "at least 1", max_epochs);
  require(patience >= 1, "--patience", "at least 1", patience);
  require(decays >= 0, "--decays", "0 or more", decays);
  require(laplace >= 0 && std::isfinite(laplace), "--laplace", "0 or more", laplace);
  require(sparsity >= 0 && std::isfinite(sparsity), "--sparsity", "0 or more", sparsity);
  require(folds == 0 || (folds >= 2 && folds <= 100), "--folds", "2 to 100, or 0 for none", folds);
  constexpr int64_t kLargestSide = 16384;  // what no recording allows is refused before one is read
  Architecture(kLargestSide, kLargestSide, 1).Check();
}

EncoderOptions FitOptions::Architecture(int64_t height, int64_t width, int64_t neurons) const {
  EncoderOptions architecture;
  architecture.core = core;
  architecture.channels = channels;
  architecture.layers = layers;
  architecture.input_kernel = input_kernel;
  architecture.hidden_kernel = hidden_kernel;
  architecture.stride = stride;
  architecture.readout = readout;
  architecture.places = places;
  architecture.scales = scales;
  architecture.height = height;
  architecture.width = width;
  architecture.neurons = neurons;
  return architecture;
}

}  // namespace murine
