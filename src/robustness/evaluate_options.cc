// SPDX-License-Identifier: Apache-2.0
#include "robustness/evaluate_options.h"

#include <fmt/format.h>

#include "base/error.h"
#include "robustness/test_spec.h"

namespace murine {

void EvaluateOptions::CheckTests() const {
  const auto require = [](int64_t value, int64_t least, const char* option) {
    if (value < least)
      throw Error({.what = option,
                   .expected = fmt::format("at least {}", least),
                   .got = fmt::format("{}", value),
                   .kind = ErrorKind::kUsage});
  };
  require(batch, 1, "--batch");
  require(pgd_steps, 1, "--pgd-steps");
  require(restarts, 1, "--restarts");
  require(attack_steps, 0, "--attack-steps");
  ParseNoiseTests(noise);
  ParseCorruptionTests(corruptions);
  ParseAttackTests(attacks);
  if (attacks.empty() && !transfer_from.empty())
    throw Error({.what = "--transfer-from says whom to attack, but not how",
                 .expected = "--attacks too",
                 .kind = ErrorKind::kUsage});
}

}  // namespace murine
