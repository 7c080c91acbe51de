// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace murine {

// Channels side by side: [n, height, width, channels]; kernel is odd, the border is padded with zeros.
struct DepthwiseSize {
  int64_t n, height, width, channels, kernel;
};

inline constexpr int64_t kWidestDepthwise = 9;  // kernel: its taps of a row stay in registers

// out [n, kernel, kernel, channels]: for each image, the sum over places of x * gradient at each offset: the
// gradient of the weights before it is summed over images. Channels must be a multiple of the table's block.
// Images are divided among threads and each sum has one order: the same bits whatever the number of threads.
using DepthwiseWeightGradient = void(const DepthwiseSize& size, const float* x, const float* gradient,
                                     float* out);
extern DepthwiseWeightGradient DepthwiseWeightGradientAvx2, DepthwiseWeightGradientAvx512;

}  // namespace murine
