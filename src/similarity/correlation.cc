// SPDX-License-Identifier: Apache-2.0
#include "similarity/correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace murine {
namespace {

constexpr int64_t kLanes = 8;  // partial sums that the compiler may add as vectors

// How many pairs of equal neighbours `values` has, in groups.
template <class Equal>
double TiedPairs(size_t count, const Equal& equal) {
  double tied = 0;
  for (size_t first = 0; first < count;) {
    size_t last = first + 1;
    while (last < count && equal(first, last)) ++last;
    const auto size = static_cast<double>(last - first);
    tied += size * (size - 1) / 2;
    first = last;
  }
  return tied;
}

// Sorts by merging; returns how many pairs stood in falling order.
double SortCountingInversions(std::vector<double>& values) {
  double inversions = 0;
  std::vector<double> merged(values.size());
  for (size_t width = 1; width < values.size(); width *= 2) {
    for (size_t first = 0; first < values.size(); first += 2 * width) {
      const size_t middle = std::min(first + width, values.size());
      const size_t last = std::min(first + 2 * width, values.size());
      size_t left = first, right = middle;
      for (size_t out = first; out < last; ++out) {
        const bool take_left = right == last || (left < middle && values[left] <= values[right]);
        if (!take_left) inversions += static_cast<double>(middle - left);
        merged[out] = take_left ? values[left++] : values[right++];
      }
    }
    std::swap(values, merged);
  }
  return inversions;
}

double Dot(const float* a, const float* b, int64_t count) {
  float lanes[kLanes] = {};
  int64_t k = 0;
  for (; k + kLanes <= count; k += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[k + lane] * b[k + lane];
  double sum = 0;
  for (; k < count; ++k) sum += double{a[k]} * b[k];
  for (const float lane : lanes) sum += lane;
  return sum;
}

}  // namespace

std::vector<double> UpperTriangle(const SimilarityMatrix& matrix) {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(matrix.n * (matrix.n - 1) / 2));
  for (int64_t i = 0; i < matrix.n; ++i)
    for (int64_t j = i + 1; j < matrix.n; ++j) values.push_back(matrix.at(i, j));
  return values;
}

std::vector<double> MeanRanks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    for (size_t k = first; k < last; ++k) ranks[order[k]] = static_cast<double>(first + last + 1) / 2;
    first = last;
  }
  return ranks;
}

double Cosine(std::span<const double> a, std::span<const double> b) {
  double aa = 0, bb = 0, ab = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    aa += a[k] * a[k];
    bb += b[k] * b[k];
    ab += a[k] * b[k];
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double KendallTauA(std::span<const double> a, std::span<const double> b) {
  std::vector<std::pair<double, double>> points(a.size());
  for (size_t k = 0; k < a.size(); ++k) points[k] = {a[k], b[k]};
  std::sort(points.begin(), points.end());
  const double tied_a =
      TiedPairs(points.size(), [&](size_t i, size_t j) { return points[i].first == points[j].first; });
  const double tied_both =
      TiedPairs(points.size(), [&](size_t i, size_t j) { return points[i] == points[j]; });
  std::vector<double> second;
  for (const auto& point : points) second.push_back(point.second);
  const double discordant = SortCountingInversions(second);
  const double tied_b = TiedPairs(second.size(), [&](size_t i, size_t j) { return second[i] == second[j]; });
  const auto n = static_cast<double>(a.size());
  const double all = n * (n - 1) / 2;
  if (all == 0) return 0;
  const double concordant = all - tied_a - tied_b + tied_both - discordant;
  return (concordant - discordant) / all;
}

std::vector<double> Whiten(std::span<const double> distances, int64_t n) {
  std::vector<double> own(static_cast<size_t>(n));  // sums over an image's pairs, then what it adds to each
  const double mean =
      std::accumulate(distances.begin(), distances.end(), 0.0) / static_cast<double>(distances.size());
  size_t at = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j, ++at) {
      own[i] += distances[at];
      own[j] += distances[at];
    }
  for (double& sum : own)
    sum = n > 2 ? (sum - static_cast<double>(n - 1) * mean) / static_cast<double>(n - 2) : 0;
  std::vector<double> whitened(distances.size());
  at = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j, ++at) {
      const double added = own[i] + own[j], rest = distances[at] - mean - added;
      whitened[at] = mean / static_cast<double>(2 * n) + added / static_cast<double>(n) + rest / 2;
    }
  return whitened;
}

CentredMatrix Centred(std::span<const double> triangle, int64_t n) {
  const double mean =
      std::accumulate(triangle.begin(), triangle.end(), 0.0) / static_cast<double>(triangle.size());
  CentredMatrix matrix{n, std::vector<float>(static_cast<size_t>(n * n))};
  size_t at = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j)
      matrix.values[i * n + j] = matrix.values[j * n + i] = static_cast<float>(triangle[at++] - mean);
  return matrix;
}

void PermutedProducts(std::span<const MatrixPair> pairs, std::span<const int64_t> order,
                      std::span<double> sums) {
  std::ranges::fill(sums, 0.0);
  const auto n = static_cast<int64_t>(order.size());
  std::vector<float> taken(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    const float* from = nullptr;
    for (size_t p = 0; p < pairs.size(); ++p) {
      const float* row = pairs[p].b->row(order[i]);
      if (row != from)  // several pairs may share b
        for (int64_t j = i + 1; j < n; ++j) taken[j] = row[order[j]];
      from = row;
      sums[p] += Dot(pairs[p].a->row(i) + i + 1, taken.data() + i + 1, n - i - 1);
    }
  }
}

WeightedSums Resampled(const MatrixPair& pair, std::span<const float> times) {
  const auto n = static_cast<int64_t>(times.size());
  WeightedSums total;
  for (int64_t i = 0; i < n; ++i) {
    if (times[i] == 0) continue;
    const float *a = pair.a->row(i), *b = pair.b->row(i);
    float count[kLanes] = {}, sum_a[kLanes] = {}, sum_b[kLanes] = {}, sum_aa[kLanes] = {},
          sum_bb[kLanes] = {}, sum_ab[kLanes] = {};
    const auto add = [&](int64_t j, int64_t lane) {
      const float wa = times[j] * a[j], wb = times[j] * b[j];
      count[lane] += times[j];
      sum_a[lane] += wa;
      sum_b[lane] += wb;
      sum_aa[lane] += wa * a[j];
      sum_bb[lane] += wb * b[j];
      sum_ab[lane] += wa * b[j];
    };
    int64_t j = i + 1;
    for (; j + kLanes <= n; j += kLanes)
      for (int64_t lane = 0; lane < kLanes; ++lane) add(j + lane, lane);
    for (int64_t lane = 0; j < n; ++j, ++lane) add(j, lane);
    const auto collect = [&](const float(&lanes)[kLanes]) {
      double sum = 0;
      for (const float lane : lanes) sum += lane;
      return double{times[i]} * sum;
    };
    total.n += collect(count);
    total.a += collect(sum_a);
    total.b += collect(sum_b);
    total.aa += collect(sum_aa);
    total.bb += collect(sum_bb);
    total.ab += collect(sum_ab);
  }
  return total;
}

}  // namespace murine
