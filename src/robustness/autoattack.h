// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "robustness/apgd.h"
#include "robustness/attack.h"
#include "robustness/fab.h"
#include "robustness/square.h"

namespace murine {

struct AutoAttackOptions {
  int steps = 100;  // of APGD and FAB
  int64_t square_queries = 5000;
  int64_t target_classes = 9;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("steps", self.steps, "of APGD and FAB");
    visit("square-queries", self.square_queries, "queries of the Square attack");
    visit("target-classes", self.target_classes, "most likely wrong classes to aim at");
    visit("seed", self.seed, "names every random draw");
  }
};

constexpr std::array<std::string_view, 4> kAutoAttackParts{"apgd-ce", "apgd-t", "fab-t", "square"};

// The standard set of AutoAttack (Croce and Hein 2020, arXiv 2003.01690): only what stands after one attack
// goes on to the next, so the accuracy is at most that of each. Needs four classes (Error); takes no targets.
// `found_by` of the outcome counts kAutoAttackParts.
AttackOutcome AutoAttack(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                         const AutoAttackOptions& options);

}  // namespace murine
