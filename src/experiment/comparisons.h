// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "experiment/figures_by_seed.h"

namespace murine {

// How conditions differ (docs/experiments.md), as keys of results.json. The families that others are compared
// with are "none" and every one whose target is shuffled.

// Paired by seed, every condition against the condition of each of those families whose other options are
// most like its own (the fewest differ; of those, by the least factors): {"method", "seeds", "count", "rows":
// [{"condition", "against", "figure", "difference", "interval", "p_value", "p_holm", "seeds"}]}. p_holm is
// corrected for all `count` rows; null with fewer than two seeds.
Json CompareConditions(const Experiment& experiment, const std::vector<ConditionFigures>& conditions);

// Robustness over clean accuracy: [{"figure", "family", "points": [{"condition", "clean_accuracy",
// "accuracy", "standard_error"}]}], means over seeds.
Json Fronts(const std::vector<ConditionFigures>& conditions);

// At equal clean accuracy: each seed of a condition against its own seed's front of another family,
// interpolated at the condition's clean accuracy of that seed: [{"family", "condition", "against", "figure",
// "clean_accuracy", "accuracy", "accuracy_against", "difference", "interval", "seeds"}], means over seeds.
// Left out where a seed's clean accuracy lies outside the other front; seeds that have no front do not count.
Json MatchedComparisons(const Experiment& experiment, const std::vector<ConditionFigures>& conditions);

// Of each family with a target, the condition that is best under noise on validation images, of those that
// keep `kept-share` of the accuracy of "none" there: [{"family", "condition", "alpha", "validation_accuracy",
// "validation_accuracy_noise", "kept_share"}]; kept_share is what it keeps. A family of which none does is
// left out.
Json SelectOnValidation(const Experiment& experiment, const std::vector<ConditionFigures>& conditions);

}  // namespace murine
