// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "robustness/attack.h"
#include "robustness/noise.h"

namespace murine {

enum class AttackName { kFgsm, kPgd };
std::span<const EnumName<AttackName>> EnumNames(AttackName);

struct NoiseTest {
  Noise kind;
  std::vector<double> levels;
};

struct AttackTest {
  AttackName kind;
  Norm norm;
  std::vector<double> epsilons;  // in units of an image in [0, 1]
};

// `name[:level,level,...]`, several separated by spaces or semicolons. Without levels: stated defaults. Error
// kUsage.
std::vector<NoiseTest> ParseNoiseTests(const std::string& text);
// `name[:linf|l2][:epsilon,epsilon,...]`, likewise. A number may be a fraction: 8/255.
std::vector<AttackTest> ParseAttackTests(const std::string& text);

}  // namespace murine
