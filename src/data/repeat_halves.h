// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "data/recording.h"

namespace murine {

// Where each image's repeats stand among the gathered trials, and which of them form the first half.
//
// Repeats are halved by their number: the first showing of every image falls in one half, or in the other.
// Slow changes of the recording then move all images of a half together and do not pass for unreliability.
// An image with fewer repeats is halved by the same order of those it has.
struct RepeatHalves {
  std::vector<int64_t> trials;            // repeated trials, image by image
  std::vector<size_t> first;              // [image + 1], into trials
  std::vector<std::vector<size_t>> half;  // [halving] -> positions in trials, image by image
  std::vector<size_t> half_first;         // [image + 1], into half[.]; the same for every halving
  size_t images() const { return first.size() - 1; }
  size_t count(size_t image) const { return first[image + 1] - first[image]; }
};

// `seed` names the draws of the halves.
RepeatHalves DrawHalves(const Repeats& repeats, int halvings, uint64_t seed);

}  // namespace murine
