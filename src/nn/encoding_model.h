// SPDX-License-Identifier: Apache-2.0
#pragma once

// The encoding model as later steps see it; core.h, readout.h, shifter.h and modulator.h are its parts.

#include <filesystem>
#include <string>
#include <vector>

#include "nn/torch.h"

namespace murine {

// A fitted encoding model, ready to predict. One entry of `scans` per recording it was fitted on.
struct Denoiser {
  struct Scan {
    std::string name;
    int64_t neurons = 0;
    std::vector<double> w;  // reliability sigma_a / eta_a; all 1 when nothing was repeated
    std::vector<double> v;  // correlation of prediction and recorded response on held-out trials, at least 0
    bool repeated = false;  // false: w says nothing
    // images [n, 1, height, width] in [0, 1] -> denoised responses rho [n, neurons], in the recording's
    // units, at neutral eye position and behaviour (docs/encoding-models.md).
    std::function<torch::Tensor(const torch::Tensor& images)> respond;
  };
  int64_t height = 0, width = 0;  // of the images it was fitted on
  std::vector<Scan> scans;
};

Denoiser LoadDenoiser(const std::filesystem::path& path);

}  // namespace murine
