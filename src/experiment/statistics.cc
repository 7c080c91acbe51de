// SPDX-License-Identifier: Apache-2.0
#include "experiment/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/student.h"

namespace murine {
namespace {

double PermutationPValue(std::span<const double> differences) {
  const size_t n = differences.size();
  const double sum = std::abs(std::accumulate(differences.begin(), differences.end(), 0.0));
  double scale = 0;
  for (const double difference : differences) scale += std::abs(difference);
  const double least = sum - 1e-12 * scale;  // sums of other order round differently
  size_t as_far = 0;
  for (size_t signs = 0; signs < size_t{1} << n; ++signs) {
    double other = 0;
    for (size_t i = 0; i < n; ++i) other += ((signs >> i) & 1) != 0 ? -differences[i] : differences[i];
    as_far += std::abs(other) >= least ? 1 : 0;
  }
  return static_cast<double>(as_far) / static_cast<double>(size_t{1} << n);
}

}  // namespace

std::span<const EnumName<PairedTest>> EnumNames(PairedTest) {
  static constexpr std::array<EnumName<PairedTest>, 2> kNames{
      {{PairedTest::kT, "t"}, {PairedTest::kPermutation, "permutation"}}};
  return kNames;
}

MeanOverSeeds MeanOf(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  MeanOverSeeds result{.mean = std::accumulate(values.begin(), values.end(), 0.0) / n};
  if (values.size() < 2) return result;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  const double error = std::sqrt(squares / (n - 1) / n);
  const double half = error * StudentQuantile(static_cast<int64_t>(values.size()) - 1);
  result.standard_error = error;
  result.interval = std::pair(result.mean - half, result.mean + half);
  return result;
}

std::optional<double> PairedPValue(std::span<const double> differences, PairedTest test) {
  const size_t n = differences.size();
  if (n < 2) return {};
  if (std::all_of(differences.begin(), differences.end(), [](double each) { return each == 0; })) return 1;
  if (test == PairedTest::kPermutation && n <= kMostSigns) return PermutationPValue(differences);
  const MeanOverSeeds mean = MeanOf(differences);
  constexpr double kRounding = 1e-12;  // what differences that are all alike leave of a spread
  if (*mean.standard_error <= kRounding * std::abs(mean.mean)) return {};
  return StudentPValue(mean.mean / *mean.standard_error, static_cast<int64_t>(n) - 1);
}

std::vector<double> HolmCorrected(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> corrected(p_values.size());
  double least = 0;
  for (size_t k = 0; k < order.size(); ++k) {
    least = std::min(1.0, std::max(least, p_values[order[k]] * static_cast<double>(order.size() - k)));
    corrected[order[k]] = least;
  }
  return corrected;
}

std::optional<double> Interpolate(std::vector<std::pair<double, double>> points, double x) {
  std::sort(points.begin(), points.end());
  std::vector<std::pair<double, double>> curve;
  for (size_t i = 0; i < points.size();) {
    size_t end = i;
    double sum = 0;
    for (; end < points.size() && points[end].first == points[i].first; ++end) sum += points[end].second;
    curve.emplace_back(points[i].first, sum / static_cast<double>(end - i));
    i = end;
  }
  const auto above = std::lower_bound(curve.begin(), curve.end(), x,
                                      [](const auto& point, double value) { return point.first < value; });
  if (above == curve.end()) return {};
  if (above->first == x) return above->second;
  if (above == curve.begin()) return {};
  const auto below = std::prev(above);
  const double share = (x - below->first) / (above->first - below->first);
  return below->second + share * (above->second - below->second);
}

}  // namespace murine
