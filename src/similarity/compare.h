// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"
#include "similarity/similarity.h"

namespace murine {

struct CompareOptions {
  int64_t permutations = 1000;
  int64_t bootstraps = 1000;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("permutations", self.permutations, "of one matrix's images, for the p value");
    visit("bootstraps", self.bootstraps, "draws of images with replacement, for the 95 % interval");
    visit("seed", self.seed, "names permutations and draws");
  }
};

// Correlations of the upper triangles of two matrices of the same images: `pearson`, `spearman`, `p_value`
// (of the Pearson correlation, two-sided, images of one matrix permuted: (1 + count) / (1 + permutations);
// Kriegeskorte et al. 2008, doi 10.3389/neuro.06.004.2008), `interval` (images drawn with replacement, pairs
// of an image with itself left out; Nili et al. 2014, doi 10.1371/journal.pcbi.1003553), `pairs`.
Json Compare(const SimilarityMatrix& a, const SimilarityMatrix& b, const CompareOptions& options);
Json CompareTargets(const std::filesystem::path& a, const std::filesystem::path& b,
                    const CompareOptions& options);

}  // namespace murine
