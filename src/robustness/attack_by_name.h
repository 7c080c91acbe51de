// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/json.h"
#include "robustness/attack.h"
#include "robustness/test_spec.h"

namespace murine {

// What the command line says of attacks beside their names.
struct AttackSettings {
  int64_t pgd_steps = 20, restarts = 1;  // restarts: of pgd, apgd and square
  int64_t steps = 0;                     // of every other attack (square: queries); 0: its own default
  uint64_t seed = 0;
};

struct NamedAttack {
  Json parameters;  // all that the attack goes by, under its options' names
  std::function<AttackOutcome(const Classifier&, const AttackInput&, double epsilon)> run;
  bool walks = false;  // along the boundary, from AttackInput::starts
};

// Attacks that look for the least perturbation take no notice of epsilon.
NamedAttack MakeAttack(AttackName name, Norm norm, const AttackSettings& settings);

}  // namespace murine
