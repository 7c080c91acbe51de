// SPDX-License-Identifier: Apache-2.0
#include "robustness/test_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.h"

namespace murine {
namespace {

std::vector<std::string> Parts(const std::string& text, const char* separators) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find_first_of(separators, start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

double Number(const std::string& text, const std::string& test) {
  const auto parse = [&](std::string_view digits) -> std::optional<double> {
    double value = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (fault != std::errc() || end != digits.data() + digits.size()) return {};
    return value;
  };
  const size_t slash = text.find('/');
  auto value = parse(std::string_view(text).substr(0, slash));
  if (value && slash != std::string::npos) {
    const auto divisor = parse(std::string_view(text).substr(slash + 1));
    value = divisor && *divisor > 0 ? std::optional(*value / *divisor) : std::nullopt;
  }
  if (!value || !(*value >= 0) || *value > 1e6)
    throw Error({.what = "malformed level",
                 .where = test,
                 .expected = "numbers of at least 0, such as 0.03 or 8/255",
                 .got = text,
                 .kind = ErrorKind::kUsage});
  return *value;
}

std::vector<double> Numbers(const std::string& text, const std::string& test) {
  std::vector<double> values;
  for (const std::string& part : Parts(text, ",")) {
    const double value = Number(part, test);
    for (const double other : values)
      if (other != value && LevelName(other) == LevelName(value))
        throw Error({.what = "levels that six digits do not tell apart",
                     .where = test,
                     .got = part,
                     .kind = ErrorKind::kUsage});
    values.push_back(value);
  }
  return values;
}

template <NamedEnum T>
T Name(const std::string& text, const char* what) {
  try {
    return EnumFromName<T>(text, what);
  } catch (const Error& error) {
    ErrorParts parts = error.parts();
    parts.kind = ErrorKind::kUsage;
    throw Error(parts);
  }
}

std::vector<double> DefaultEpsilons(Norm norm) {
  if (norm == Norm::kL2) return {0.05, 0.1, 0.25, 0.5};
  return {0.5 / 255, 1.0 / 255, 2.0 / 255, 4.0 / 255, 8.0 / 255};
}

}  // namespace

std::span<const EnumName<AttackName>> EnumNames(AttackName) {
  using enum AttackName;
  static constexpr std::array<EnumName<AttackName>, 13> kNames{{{kFgsm, "fgsm"},
                                                                {kPgd, "pgd"},
                                                                {kApgdCe, "apgd-ce"},
                                                                {kApgdDlr, "apgd-dlr"},
                                                                {kApgd, "apgd"},
                                                                {kSquare, "square"},
                                                                {kAutoAttack, "autoattack"},
                                                                {kFab, "fab"},
                                                                {kBoundary, "boundary"},
                                                                {kBrendelBethge, "brendel-bethge"},
                                                                {kFmn, "fmn"},
                                                                {kDeepFool, "deepfool"},
                                                                {kCarliniWagner, "cw"}}};
  return kNames;
}

std::string LevelName(double level) { return fmt::format("{:.6g}", level); }

bool IsMinimal(AttackName name) { return name >= AttackName::kFab; }

bool IsBlackBox(AttackName name) { return name == AttackName::kSquare || name == AttackName::kBoundary; }

void RequireAim(AttackName name, Aim aim) {
  if (aim == Aim::kAnyOther || (name != AttackName::kAutoAttack && name != AttackName::kDeepFool)) return;
  throw Error({.what = std::string(NameOf(name)) + " has no targeted form",
               .hint = "targeted are fgsm, pgd, apgd, square, fab, boundary, brendel-bethge, fmn and cw",
               .kind = ErrorKind::kUsage});
}

int64_t FewestClasses(AttackName name, Aim aim) {
  if (name == AttackName::kAutoAttack) return 4;  // its APGD-T has the targeted loss
  if (name != AttackName::kApgdDlr && name != AttackName::kApgd) return 1;
  return aim == Aim::kTarget ? 4 : 3;
}

std::vector<double> EpsilonGrid(Norm norm) {
  if (norm == Norm::kL2) return {0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2};
  return {0.25 / 255, 0.5 / 255, 1 / 255., 1.5 / 255, 2 / 255.,
          3 / 255.,   4 / 255.,  8 / 255., 16 / 255., 32 / 255.};
}

std::vector<NoiseTest> ParseNoiseTests(const std::string& text) {
  std::vector<NoiseTest> tests;
  for (const std::string& part : Parts(text, " ;\t\n")) {
    const std::vector<std::string> fields = Parts(part, ":");
    NoiseTest test{Name<Noise>(fields.empty() ? "" : fields[0], "noise"), {}};
    if (fields.size() > 2)
      throw Error({.what = "malformed test",
                   .where = part,
                   .expected = "name:level,level,...",
                   .kind = ErrorKind::kUsage});
    test.levels = fields.size() == 2 ? Numbers(fields[1], part) : DefaultLevels(test.kind);
    if (test.kind == Noise::kSaltAndPepper &&
        std::ranges::any_of(test.levels, [](double l) { return l > 1; }))
      throw Error({.what = "a share of the pixels",
                   .where = part,
                   .expected = "0 to 1",
                   .got = fields[1],
                   .kind = ErrorKind::kUsage});
    tests.push_back(test);
  }
  return tests;
}

std::vector<AttackTest> ParseAttackTests(const std::string& text) {
  std::vector<AttackTest> tests;
  for (const std::string& part : Parts(text, " ;\t\n")) {
    std::vector<std::string> fields = Parts(part, ":");
    AttackTest test{Name<AttackName>(fields.empty() ? "" : fields[0], "attack"), Norm::kLinf, {}};
    const bool l2_alone = test.kind == AttackName::kBoundary || test.kind == AttackName::kCarliniWagner;
    if (l2_alone) test.norm = Norm::kL2;
    fields.erase(fields.begin());
    if (!fields.empty() && (fields[0] == "linf" || fields[0] == "l2")) {
      test.norm = Name<Norm>(fields[0], "norm");
      fields.erase(fields.begin());
    }
    if (l2_alone && test.norm != Norm::kL2)
      throw Error({.what = "this attack is defined for L2 alone",
                   .where = part,
                   .expected = std::string(NameOf(test.kind)) + ":l2",
                   .kind = ErrorKind::kUsage});
    if (fields.size() > 1 || (!fields.empty() && fields[0].find_first_of("0123456789.") != 0))
      throw Error({.what = "malformed attack",
                   .where = part,
                   .expected = "name[:linf|l2][:epsilon,epsilon,...]",
                   .kind = ErrorKind::kUsage});
    if (!fields.empty())
      test.epsilons = Numbers(fields[0], part);
    else if (!IsMinimal(test.kind) || test.kind == AttackName::kFab)
      test.epsilons = DefaultEpsilons(test.norm);
    tests.push_back(test);
  }
  return tests;
}

std::vector<CorruptionTest> ParseCorruptionTests(const std::string& text) {
  std::vector<Corruption> all;
  for (const auto& [kind, name] : EnumNames(Corruption{})) all.push_back(kind);
  std::vector<CorruptionTest> tests;
  for (const std::string& part : Parts(text, " ;\t\n")) {
    const std::vector<std::string> fields = Parts(part, ":");
    const std::string name = fields.empty() ? "" : fields[0];
    CorruptionTest test;
    if (name == "cifar10-c-like")
      test.kinds.assign(all.begin(), all.begin() + kMainCorruptions);
    else if (name == "extra")
      test.kinds.assign(all.begin() + kMainCorruptions, all.end());
    else
      test.kinds = {Name<Corruption>(name, "corruption (or cifar10-c-like, extra)")};
    if (fields.size() > 2)
      throw Error({.what = "malformed test",
                   .where = part,
                   .expected = "name:severity,severity,...",
                   .kind = ErrorKind::kUsage});
    const std::vector<double> severities =
        fields.size() == 2 ? Numbers(fields[1], part) : std::vector<double>{1, 2, 3, 4, 5};
    for (const double severity : severities) {
      if (severity != 1 && severity != 2 && severity != 3 && severity != 4 && severity != 5)
        throw Error({.what = "no such severity",
                     .where = part,
                     .expected = "1, 2, 3, 4 or 5",
                     .got = fields[1],
                     .kind = ErrorKind::kUsage});
      test.severities.push_back(static_cast<int>(severity));
    }
    tests.push_back(std::move(test));
  }
  return tests;
}

}  // namespace murine
