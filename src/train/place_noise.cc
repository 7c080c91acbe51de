// SPDX-License-Identifier: Apache-2.0
#include "train/place_noise.h"

#include "nn/tensor.h"

namespace murine {

torch::Tensor PlaceNoise(int64_t trials, int64_t neurons, uint64_t seed, uint64_t step, uint64_t first) {
  torch::Tensor noise = torch::empty({trials, neurons, 2});
  const std::span<float> values = Values(noise);
  const auto row = static_cast<size_t>(neurons * 2);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < trials; ++i)
    RandomStream(seed, "fit/place-noise", step, first + static_cast<uint64_t>(i))
        .FillNormal(values.subspan(static_cast<size_t>(i) * row, row), 1);
  return noise;
}

}  // namespace murine
