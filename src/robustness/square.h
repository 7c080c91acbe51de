// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

struct SquareOptions {
  int64_t queries = 5000;
  double share = 0.8;  // of the pixels in a first square
  int restarts = 1;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("queries", self.queries, "queries an image and start");
    visit("share", self.share, "share of the pixels in a first square");
    visit("restarts", self.restarts, "random starts");
    visit("seed", self.seed, "names every random draw");
  }
};

// Square attack (Andriushchenko et al. 2020, arXiv 1912.00049): random search over squares, without
// gradients.
AttackOutcome Square(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                     const SquareOptions& options);

}  // namespace murine
