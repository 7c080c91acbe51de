// SPDX-License-Identifier: Apache-2.0
#include "nn/readout_kernels.h"

namespace murine {

void PositionsGradient(const ReadingSize& size, const float* gradient, const float* slope, float* out) {
  const int64_t images = size.places == 1 ? size.n : 1;  // that share a place
#pragma omp parallel for schedule(static)
  for (int64_t place = 0; place < size.places * size.neurons; ++place) {
    float x = 0, y = 0;
    for (int64_t image = 0; image < images; ++image) {
      const int64_t reading = image * size.neurons + place;
      x += gradient[reading] * slope[2 * reading];
      y += gradient[reading] * slope[2 * reading + 1];
    }
    out[2 * place] = x;
    out[2 * place + 1] = y;
  }
}

}  // namespace murine
