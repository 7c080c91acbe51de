// SPDX-License-Identifier: Apache-2.0
#include "train/sgd_kernel.h"

namespace murine {

bool SgdStep(int64_t count, float* parameter, float* velocity, const float* gradient, float lr,
             float momentum, float weight_decay) {
  float faults = 0;  // stays 0 while all values are finite, then is NaN
#pragma omp parallel for simd schedule(static) reduction(+ : faults) if (count > 65536)
  for (int64_t i = 0; i < count; ++i) {
    const float moved = momentum * velocity[i] + (gradient[i] + weight_decay * parameter[i]);
    velocity[i] = moved;
    parameter[i] -= lr * moved;
    faults += 0 * parameter[i];
  }
  return faults == 0;
}

}  // namespace murine
