// SPDX-License-Identifier: Apache-2.0
#include "robustness/evaluate_options.h"

#include "base/error.h"
#include "robustness/test_spec.h"

namespace murine {

void EvaluateOptions::CheckTests() const {
  if (batch < 1 || pgd_steps < 1 || restarts < 1 || attack_steps < 0)
    throw Error({.what = "--batch, --pgd-steps and --restarts are at least 1, --attack-steps at least 0",
                 .kind = ErrorKind::kUsage});
  ParseNoiseTests(noise);
  ParseCorruptionTests(corruptions);
  ParseAttackTests(attacks);
  if (attacks.empty() && !transfer_from.empty())
    throw Error({.what = "--transfer-from says whom to attack, but not how",
                 .expected = "--attacks too",
                 .kind = ErrorKind::kUsage});
}

}  // namespace murine
