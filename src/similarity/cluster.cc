// SPDX-License-Identifier: Apache-2.0
#include "similarity/cluster.h"

#include <algorithm>
#include <cmath>

namespace murine {
namespace {

// The group most similar to `group`; on a tie `favourite`, so that a chain cannot run in a circle.
int64_t Nearest(const SimilarityMatrix& similarities, const std::vector<std::vector<int64_t>>& groups,
                int64_t group, int64_t favourite) {
  int64_t nearest = favourite;
  for (int64_t k = 0; k < similarities.n; ++k) {
    if (k == group || groups[k].empty()) continue;
    if (nearest < 0 || similarities.at(group, k) > similarities.at(group, nearest)) nearest = k;
  }
  return nearest;
}

void Join(const SimilarityMatrix& images, std::vector<int64_t>& left, std::vector<int64_t>& right) {
  const bool turn_left =
      std::max(images.at(left.front(), right.front()), images.at(left.front(), right.back())) >
      std::max(images.at(left.back(), right.front()), images.at(left.back(), right.back()));
  if (turn_left) std::reverse(left.begin(), left.end());
  if (images.at(left.back(), right.back()) > images.at(left.back(), right.front()))
    std::reverse(right.begin(), right.end());
  left.insert(left.end(), right.begin(), right.end());
  right.clear();
}

}  // namespace

std::vector<int64_t> ClusterOrder(const SimilarityMatrix& matrix) {
  SimilarityMatrix similarities = matrix;  // between groups; a group lives at its first image's place
  std::vector<std::vector<int64_t>> groups;
  for (int64_t i = 0; i < matrix.n; ++i) groups.push_back({i});
  std::vector<int64_t> chain;
  for (int64_t merges = 0; merges + 1 < matrix.n;) {
    if (chain.empty())
      chain.push_back(std::find_if(groups.begin(), groups.end(), [](auto& g) { return !g.empty(); }) -
                      groups.begin());
    const int64_t last = chain.back(), before = chain.size() > 1 ? chain[chain.size() - 2] : -1;
    const int64_t nearest = Nearest(similarities, groups, last, before);
    if (nearest != before) {
      chain.push_back(nearest);
      continue;
    }
    chain.resize(chain.size() - 2);
    const auto kept = static_cast<float>(groups[before].size()),
               joined = static_cast<float>(groups[last].size());
    for (int64_t k = 0; k < matrix.n; ++k) {
      const float mean =
          (kept * similarities.at(before, k) + joined * similarities.at(last, k)) / (kept + joined);
      similarities.values[before * matrix.n + k] = similarities.values[k * matrix.n + before] = mean;
    }
    Join(matrix, groups[before], groups[last]);
    ++merges;
  }
  return *std::max_element(groups.begin(), groups.end(),
                           [](const auto& a, const auto& b) { return a.size() < b.size(); });
}

std::optional<PowerLaw> FitPowerLaw(std::span<const double> eigenvalues) {
  constexpr double kRounding = 1e-6;  // of a matrix in single precision
  constexpr int64_t kFewest = 40, kFirst = 11, kLast = 500, kFewestRanks = 10;
  const auto count = static_cast<int64_t>(eigenvalues.size());
  if (count < kFewest) return {};
  PowerLaw law{0, kFirst, std::min(kLast, count / 2)};
  while (law.last_rank >= law.first_rank && !(eigenvalues[law.last_rank - 1] > kRounding * eigenvalues[0]))
    --law.last_rank;
  if (law.last_rank - law.first_rank + 1 < kFewestRanks) return {};
  double weights = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (int64_t rank = law.first_rank; rank <= law.last_rank; ++rank) {
    const double weight = 1 / static_cast<double>(rank), log_rank = std::log(static_cast<double>(rank));
    const double log_value = std::log(eigenvalues[rank - 1]);
    weights += weight;
    x += weight * log_rank;
    y += weight * log_value;
    xx += weight * log_rank * log_rank;
    xy += weight * log_rank * log_value;
  }
  law.exponent = -(weights * xy - x * y) / (weights * xx - x * x);
  return law;
}

}  // namespace murine
