// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/random.h"

namespace murine {

using Interval = std::array<double, 2>;  // low, high; at 95 %

// Of a share (Wilson 1927, doi 10.1080/01621459.1927.10502953); n > 0.
Interval WilsonInterval(int64_t successes, int64_t n);

// Percentile bootstrap (Efron 1979, doi 10.1214/aos/1176344552) over images, 1,000 resamples. `values`, in
// whatever order, are not empty; infinity is a value.
Interval BootstrapMedian(std::span<const double> values, RandomStream stream);
Interval BootstrapMean(std::span<const double> values, RandomStream stream);

}  // namespace murine
