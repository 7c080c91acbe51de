// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "robustness/corruption.h"
#include "robustness/noise.h"
#include "robustness/norm.h"

namespace murine {

enum class AttackName {
  kFgsm,
  kPgd,
  kApgdCe,
  kApgdDlr,
  kApgd,  // both
  kSquare,
  kAutoAttack,
  kFab,
  kBoundary,
  kBrendelBethge,
  kFmn,
  kDeepFool,
  kCarliniWagner,
};
std::span<const EnumName<AttackName>> EnumNames(AttackName);
// Looks for the least perturbation instead of filling a budget: one run serves every epsilon.
bool IsMinimal(AttackName name);
// Asks for outputs or decisions alone, never for a gradient.
bool IsBlackBox(AttackName name);

// What an attack wants an image to be taken for: any class but its label, or one that is named.
enum class Aim { kAnyOther, kTarget };
// Error kUsage: the attack has no targeted form.
void RequireAim(AttackName name, Aim aim);
// How many classes a model must tell apart: some losses rank three or four of them.
int64_t FewestClasses(AttackName name, Aim aim);

struct NoiseTest {
  Noise kind;
  std::vector<double> levels;
};

struct AttackTest {
  AttackName kind;
  Norm norm;
  std::vector<double> epsilons;  // in units of an image in [0, 1]
};

struct CorruptionTest {
  std::vector<Corruption> kinds;
  std::vector<int> severities;
};

// `name[:level,level,...]`, several separated by spaces or semicolons. Without levels: stated defaults. Error
// kUsage.
std::vector<NoiseTest> ParseNoiseTests(const std::string& text);
// `name[:linf|l2][:epsilon,epsilon,...]`, likewise. A number may be a fraction: 8/255. Minimal attacks but
// fab have no default epsilons.
std::vector<AttackTest> ParseAttackTests(const std::string& text);
// `name[:severity,severity,...]`, likewise; the names also `cifar10-c-like` (the 15) and `extra` (the 4).
std::vector<CorruptionTest> ParseCorruptionTests(const std::string& text);

// Where success over epsilon is reported.
std::vector<double> EpsilonGrid(Norm norm);

// What tables of images call a level or an epsilon: six digits of it. A test has no two levels of one name.
std::string LevelName(double level);

}  // namespace murine
