// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "similarity/similarity.h"

namespace murine {

struct CompareOptions {
  int64_t permutations = 1000;
  int64_t bootstraps = 1000;
  std::vector<std::string> subjects = {};
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("permutations", self.permutations, "of one matrix's images, for the p values");
    visit("bootstraps", self.bootstraps, "draws of images with replacement, for the 95 % intervals");
    visit("subjects", self.subjects,
          "targets of several scans or subjects, for the noise ceilings: how well any target could do");
    visit("seed", self.seed, "names permutations and draws");
  }
};

// How alike the upper triangles of two matrices of the same images are: `pearson`, `spearman`, `cosine`,
// `kendall_tau_a`, `whitened_cosine` (of the distances 1 - S; Diedrichsen et al. 2020, arXiv 2007.02789),
// `p_value` and `interval` of Pearson, `p_values` and `intervals` of the others, `pairs`.
// p values: images of one matrix permuted, (1 + count) / (1 + permutations), two-sided for the correlations,
// one-sided for the cosines, which chance does not centre on 0 (Kriegeskorte et al. 2008, doi
// 10.3389/neuro.06.004.2008). Intervals: images drawn with replacement, pairs of an image with itself left
// out (Nili et al. 2014, doi 10.1371/journal.pcbi.1003553), 2.5 % and 97.5 % of the draws, linear between two
// of them; ranks are those among all pairs.
Json Compare(const SimilarityMatrix& a, const SimilarityMatrix& b, const CompareOptions& options);

// Lower and upper noise ceilings of each measure (Nili et al. 2014): the mean over subjects of its value
// between one subject and the mean of the others, or of all; `model` is the mean over subjects of its value
// between them and `a`. Matrices are normalized before they are averaged: z-scored, ranked, scaled to length
// 1. For Kendall's tau the ranks' mean stands for the best there is, which has no closed form.
Json NoiseCeilings(const SimilarityMatrix& a, std::span<const std::string> subjects);

// With `subjects`, the result holds `noise_ceilings`.
Json CompareTargets(const std::filesystem::path& a, const std::filesystem::path& b,
                    const CompareOptions& options);

}  // namespace murine
