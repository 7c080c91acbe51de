// SPDX-License-Identifier: Apache-2.0
#include "robustness/evaluate_options.h"

#include <fmt/format.h>

#include <limits>

#include "base/error.h"
#include "robustness/test_spec.h"

namespace murine {
namespace {

constexpr int64_t kMostCounted = std::numeric_limits<int>::max();  // by an attack

}  // namespace

void EvaluateOptions::CheckTests() const {
  const auto require = [](int64_t value, int64_t least, const char* option) {
    if (value >= least && value <= kMostCounted) return;
    throw Error({.what = option,
                 .expected = value < least ? fmt::format("at least {}", least)
                                           : fmt::format("at most {}", kMostCounted),
                 .got = fmt::format("{}", value),
                 .kind = ErrorKind::kUsage});
  };
  require(batch, 1, "--batch");
  require(pgd_steps, 1, "--pgd-steps");
  require(restarts, 1, "--restarts");
  require(attack_steps, 0, "--attack-steps");
  ParseNoiseTests(noise);
  ParseCorruptionTests(corruptions);
  for (const AttackTest& test : ParseAttackTests(attacks)) RequireAim(test.kind, aim());
  if (attacks.empty() && !transfer_from.empty())
    throw Error({.what = "--transfer-from says whom to attack, but not how",
                 .expected = "--attacks too",
                 .kind = ErrorKind::kUsage});
}

Aim EvaluateOptions::aim() const { return targets == Targets::kNone ? Aim::kAnyOther : Aim::kTarget; }

}  // namespace murine
