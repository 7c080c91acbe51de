// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace murine {

// One step of Sgd (train/sgd.h) over `count` values in a single pass over memory. Whether all are finite
// after it; a gradient that is not leaves none that is.
bool SgdStep(int64_t count, float* parameter, float* velocity, const float* gradient, float lr,
             float momentum, float weight_decay);

}  // namespace murine
