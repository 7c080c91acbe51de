// SPDX-License-Identifier: Apache-2.0
#include "similarity/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace murine {
namespace {

// Sums from which a Pearson correlation follows.
struct Moments {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  void Add(double x, double y) {
    n += 1;
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  double Correlation() const {
    const double variances = (aa - a * a / n) * (bb - b * b / n);
    return variances > 0 ? (ab - a * b / n) / std::sqrt(variances) : 0;
  }
};

// Of a against b with its images in the order `order`.
double Pearson(const SimilarityMatrix& a, const SimilarityMatrix& b, std::span<const int64_t> order) {
  Moments moments;
  for (int64_t i = 0; i < a.n; ++i)
    for (int64_t j = i + 1; j < a.n; ++j) moments.Add(a.at(i, j), b.at(order[i], order[j]));
  return moments.Correlation();
}

double Bootstrap(const SimilarityMatrix& a, const SimilarityMatrix& b, std::span<const int64_t> drawn) {
  Moments moments;
  for (size_t i = 0; i < drawn.size(); ++i)
    for (size_t j = i + 1; j < drawn.size(); ++j)
      if (drawn[i] != drawn[j]) moments.Add(a.at(drawn[i], drawn[j]), b.at(drawn[i], drawn[j]));
  return moments.Correlation();
}

// Ranks of the upper triangle, ties sharing their mean rank, as a matrix.
SimilarityMatrix Ranks(const SimilarityMatrix& matrix) {
  std::vector<int64_t> positions;
  for (int64_t i = 0; i < matrix.n; ++i)
    for (int64_t j = i + 1; j < matrix.n; ++j) positions.push_back(i * matrix.n + j);
  std::sort(positions.begin(), positions.end(),
            [&](int64_t x, int64_t y) { return matrix.values[x] < matrix.values[y]; });
  SimilarityMatrix ranks{matrix.n, std::vector<float>(matrix.values.size())};
  const auto scale = static_cast<float>(positions.size());  // ranks in [0, 1]: floats hold them better
  for (size_t first = 0; first < positions.size();) {
    size_t last = first;
    while (last < positions.size() && matrix.values[positions[last]] == matrix.values[positions[first]])
      ++last;
    for (size_t k = first; k < last; ++k)
      ranks.values[positions[k]] = (static_cast<float>(first + last - 1) / 2) / scale;
    first = last;
  }
  return ranks;
}

}  // namespace

Json Compare(const SimilarityMatrix& a, const SimilarityMatrix& b, const CompareOptions& options) {
  if (a.n != b.n)
    throw Error({.what = "targets of different sizes cannot be compared",
                 .expected = fmt::format("{0} x {0}", a.n),
                 .got = fmt::format("{0} x {0}", b.n),
                 .hint = "make both from the same stimuli"});
  std::vector<int64_t> identity(static_cast<size_t>(a.n));
  std::iota(identity.begin(), identity.end(), 0);
  const double pearson = Pearson(a, b, identity);
  int64_t as_large = 0;
#pragma omp parallel for reduction(+ : as_large)
  for (int64_t k = 0; k < options.permutations; ++k) {
    const auto order =
        RandomPermutation(a.n, RandomStream(options.seed, "permutation", 0, static_cast<uint64_t>(k)));
    as_large += std::abs(Pearson(a, b, order)) >= std::abs(pearson);
  }
  std::vector<double> drawn_correlations(static_cast<size_t>(options.bootstraps));
#pragma omp parallel for
  for (int64_t k = 0; k < options.bootstraps; ++k) {
    RandomStream stream(options.seed, "bootstrap", 0, static_cast<uint64_t>(k));
    std::vector<int64_t> drawn(static_cast<size_t>(a.n));
    for (int64_t& image : drawn) image = static_cast<int64_t>(stream.Below(static_cast<uint64_t>(a.n)));
    drawn_correlations[static_cast<size_t>(k)] = Bootstrap(a, b, drawn);
  }
  std::sort(drawn_correlations.begin(), drawn_correlations.end());
  const auto quantile = [&](double q) -> Json {
    if (drawn_correlations.empty()) return nullptr;
    return drawn_correlations[static_cast<size_t>(q * static_cast<double>(drawn_correlations.size() - 1))];
  };
  return {{"pearson", pearson},
          {"spearman", Pearson(Ranks(a), Ranks(b), identity)},
          {"p_value", static_cast<double>(1 + as_large) / static_cast<double>(1 + options.permutations)},
          {"interval", {quantile(0.025), quantile(0.975)}},
          {"pairs", a.n * (a.n - 1) / 2}};
}

Json CompareTargets(const std::filesystem::path& a, const std::filesystem::path& b,
                    const CompareOptions& options) {
  return Compare(ReadTarget(a).matrix, ReadTarget(b).matrix, options);
}

}  // namespace murine
