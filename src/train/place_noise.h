// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "nn/torch.h"

namespace murine {

// What moves the places of a Gaussian readout in one step of a fit: standard normal [trials, neurons, 2].
// Each trial draws from a stream of its own, (seed, "fit/place-noise", step, first + trial), so that they are
// drawn side by side.
torch::Tensor PlaceNoise(int64_t trials, int64_t neurons, uint64_t seed, uint64_t step, uint64_t first);

}  // namespace murine
