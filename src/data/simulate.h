// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json.h"
#include "data/image_set.h"
#include "data/mouse_options.h"
#include "data/recording.h"

namespace murine {

// A simulated mouse. Each parameter's source stands in docs/simulation.md.
struct SimulateOptions {
  std::string stimuli = "dead-leaves";  // an image set, or dead leaves of 36 x 64 in the number needed
  int64_t neurons = 400;
  int64_t images = 2000;        // shown once; a tenth of them for validation
  int64_t oracle_images = 100;  // shown `repeats` times
  int64_t repeats = 10;
  int64_t scan = 0;  // of the brain that `seed` names
  double shared_neurons = 0;
  MouseOptions mouse = {};
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("stimuli", self.stimuli, "image set the mouse watches; dead-leaves makes as many as are needed");
    visit("neurons", self.neurons, "number of neurons");
    visit("images", self.images, "images shown once, a tenth of them for validation");
    visit("oracle-images", self.oracle_images, "images shown repeatedly, for the test tier");
    visit("repeats", self.repeats, "times each oracle image is shown");
    visit("scan", self.scan,
          "which scan of the same brain: other neurons of the same kind, another order, other noise");
    visit("shared-neurons", self.shared_neurons,
          "share of the neurons that are the same cells in every scan");
    visit("seed", self.seed, "names the mouse and its noise");
    MouseOptions::Visit(self.mouse, visit);
  }
};

// The result does not depend on `threads` (0: all cores). Errors: counts that make no recording, fewer images
// in `stimuli` than needed, an interrupt.
Recording Simulate(const SimulateOptions& options, int threads = 0);

// `murine simulate`: writes the recording to `out`, or finds it there. Errors: made by another configuration.
void SimulateFile(const SimulateOptions& options, const std::filesystem::path& out, int threads = 0);

// What the recording depends on, for the file: the options, with the hash of the stimuli instead of their
// path.
Json SimulationConfig(const SimulateOptions& options);

}  // namespace murine
