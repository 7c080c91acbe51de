// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/image_set.h"

namespace murine {

// Occluding discs whose radii follow a power law of exponent 3, gray levels uniform: the standard statistical
// stand-in for natural images, with their occlusion and their 1/f^2 power spectrum (Lee, Mumford and Huang
// 2001, doi 10.1023/A:1011109015675). Image i depends on (seed, i) alone.
ImageSet DeadLeaves(int64_t count, int64_t height, int64_t width, uint64_t seed);

}  // namespace murine
