// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "experiment/plan.h"

namespace murine {

// What came out: for every condition the mean over its seeds of each figure and, with two seeds or more, its
// standard error (..._se) and 95 % interval (..._interval); how conditions differ (comparisons.h); scores of
// encoding models; what the targets are. Nothing in it changes from run to run.
Json Summarize(const Experiment& experiment, const Plan& plan, const std::vector<StageOutcome>& outcomes);

// The same for people: a row a test, a column a condition; then the encoding models.
std::string FormatSummary(const Json& summary);

}  // namespace murine
