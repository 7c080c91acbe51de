// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "data/mouse_options.h"
#include "io/ndarray.h"

namespace murine {

// What a simulated mouse does while it watches, trial by trial in the order of time.
struct MouseBehavior {
  NdArray<float> behavior;      // [trial, 3] pupil size (camera pixels), its derivative, running speed (cm/s)
  NdArray<float> pupil_center;  // [trial, 2] in camera pixels
  // Where the eye looks, in pixels of the stimulus, [trial] each. Mean zero: the mean pupil centre is
  // neutral.
  std::vector<double> eye_x, eye_y;
  // Drives the common gain; zero for mean running speed and mean pupil size, standard deviation about 1.
  std::vector<double> arousal;
  // The log of a second common gain, which nothing observed explains; its exponential has mean 1. [trial]
  std::vector<double> fluctuation;
};

// Arousal drifts over some thirty trials and, above a threshold, becomes a bout of running; the pupil follows
// it, as it does in awake mice (Reimer et al. 2014, Vinck et al. 2015). Gaze wanders over a few trials.
MouseBehavior SimulateBehavior(int64_t trials, uint64_t seed, const MouseOptions& options = {});

}  // namespace murine
