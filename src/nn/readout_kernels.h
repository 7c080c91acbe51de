// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace murine {

// The bilinear reading of every neuron at its place as passes over memory, without the [n, channels, neurons]
// tensor of features at the places. Channels lie side by side: features [n, height, width, channels].
// positions [places, neurons, 2], places n or 1 for all images; weights [neurons, channels]; readings
// [n, neurons].
// Images, or neurons, are divided among threads, and each sum has one order: the same bits whatever the
// number of threads.
struct ReadingSize {
  int64_t n, height, width, channels, neurons, places;
};

// The same for every width of vector registers.
struct ReadoutKernels {
  // `slope` [n, neurons, 2], the readings' derivatives by x and y; may be null.
  void (*read)(const ReadingSize& size, const float* features, const float* positions, const float* weights,
               float* out, float* slope);
  // Gradients, given that of the readings. Each overwrites `out`.
  void (*features_gradient)(const ReadingSize& size, const float* positions, const float* weights,
                            const float* gradient, float* out);
  void (*weights_gradient)(const ReadingSize& size, const float* features, const float* positions,
                           const float* gradient, float* out);
};
extern const ReadoutKernels kReadoutKernelsAvx2, kReadoutKernelsAvx512;

// out [places, neurons, 2]: `gradient` times `slope`, summed over the images that share a place.
void PositionsGradient(const ReadingSize& size, const float* gradient, const float* slope, float* out);

}  // namespace murine
