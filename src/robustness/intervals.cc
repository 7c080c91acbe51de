// SPDX-License-Identifier: Apache-2.0
#include "robustness/intervals.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/numbers.h"

namespace murine {
namespace {

constexpr int kResamples = 1000;

Interval Bootstrap(std::span<const double> values, RandomStream& stream, const auto& statistic) {
  std::vector<double> sample(values.size()), statistics;
  for (int i = 0; i < kResamples; ++i) {
    for (double& value : sample) value = values[stream.Below(values.size())];
    statistics.push_back(statistic(sample));
  }
  std::sort(statistics.begin(), statistics.end());
  return {Quantile(statistics, 0.025), Quantile(statistics, 0.975)};
}

}  // namespace

Interval WilsonInterval(int64_t successes, int64_t n) {
  constexpr double z = 1.959964;
  const auto count = static_cast<double>(n);
  const double p = static_cast<double>(successes) / count, scale = 1 + z * z / count;
  const double centre = (p + z * z / (2 * count)) / scale;
  const double half = z / scale * std::sqrt(p * (1 - p) / count + z * z / (4 * count * count));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Interval BootstrapMedian(std::span<const double> values, RandomStream stream) {
  return Bootstrap(values, stream, [](std::vector<double>& sample) {
    const auto middle = sample.begin() + static_cast<int64_t>(sample.size() / 2);
    std::nth_element(sample.begin(), middle, sample.end());
    if (sample.size() % 2 == 1) return *middle;
    return (*std::max_element(sample.begin(), middle) + *middle) / 2;
  });
}

Interval BootstrapMean(std::span<const double> values, RandomStream stream) {
  return Bootstrap(values, stream, [](const std::vector<double>& sample) {
    double sum = 0;
    for (const double value : sample) sum += value;
    return sum / static_cast<double>(sample.size());
  });
}

}  // namespace murine
