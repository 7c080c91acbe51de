// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "similarity/similarity.h"

namespace murine {

// The images in an order in which similar ones stand together: the leaves of average linkage (Sokal and
// Michener 1958), found by chains of nearest neighbours (Murtagh 1983, doi 10.1093/comjnl/26.4.354) in
// O(n^2); where two groups meet, they are turned so that their more similar ends touch.
std::vector<int64_t> ClusterOrder(const SimilarityMatrix& matrix);

// lambda_k = c k^-exponent, fitted on logarithms over the ranks first_rank .. last_rank (from 1), each rank
// weighed by 1 / rank, so that every octave counts the same (Stringer et al. 2019, doi
// 10.1038/s41586-019-1346-5). Ranks 11 to 500, at most half of the eigenvalues; fewer than 40 eigenvalues, or
// fewer than 10 ranks with something in them: none.
struct PowerLaw {
  double exponent = 0;
  int64_t first_rank = 0, last_rank = 0;
};
std::optional<PowerLaw> FitPowerLaw(std::span<const double> descending_eigenvalues);

}  // namespace murine
