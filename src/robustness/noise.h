// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/random.h"

namespace murine {

// Levels are in units of an image in [0, 1].
enum class Noise {
  kGaussian,       // x + N(0, level)
  kUniform,        // x + U(-level, level)
  kSaltAndPepper,  // a share `level` of the values becomes 0 or 1, with equal chance
  kSpeckle,        // x + x N(0, level)
  kPoisson,        // Poisson(x / level^2) level^2: standard deviation level sqrt(x)
};
std::span<const EnumName<Noise>> EnumNames(Noise);

// One image in place, clamped to [0, 1]. It depends on (kind, level, seed, index) alone; for one kind, all
// levels start from the same draw, so that curves over levels are smooth. Level 0 changes nothing.
void AddNoise(Noise kind, double level, std::span<float> image, uint64_t seed, int64_t index);
void AddNoise(Noise kind, double level, std::span<float> image, RandomStream& stream);

std::vector<double> DefaultLevels(Noise kind);

}  // namespace murine
