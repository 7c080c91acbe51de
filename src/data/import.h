// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/options.h"
#include "data/recording.h"

namespace murine {

// `murine import`: .npy arrays of somebody's own experiment, or a recording to be kept in another form.
struct ImportOptions {
  std::string recording;  // named without an option; then no arrays
  std::string images, responses, trials, behavior, pupil, tiers, resize;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("images", self.images, "what was shown, [image, h, w]: 8-bit, or floats in [0, 1]");
    visit("responses", self.responses, "one response an image, [image, neuron], 0 or more");
    visit("trials", self.trials,
          "single trials, [image, repeat, neuron]; negative or NaN: there is no such repeat");
    visit("behavior", self.behavior, "[trial, 3]: pupil size, its derivative, running speed");
    visit("pupil", self.pupil, "[trial, 2]: pupil centre x, y");
    visit("tiers", self.tiers,
          "[image]: train, validation or test; default: drawn by image, 80/10/10 per cent");
    visit("resize", self.resize,
          "HxW: images of this size, bilinear with antialiasing; default: as they are");
    visit("seed", self.seed, "names the draw of tiers");
  }
};

// Of arrays: rows of `images` with the same pixels are one image that was shown again; an image's trials
// share its tier. Trials are in the order of the rows, repeats one after another; behaviour and pupil are of
// the trials that are there. Errors: everything that contradicts this, NaN or negative values in `responses`.
Recording Import(const ImportOptions& options);

// Writes the recording to `out` (HDF5, or the Python tools' folder where it ends in '/'), or finds it made
// from the same input; another is refused.
void ImportFile(const ImportOptions& options, const std::filesystem::path& out);

}  // namespace murine
