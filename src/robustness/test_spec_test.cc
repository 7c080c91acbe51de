// SPDX-License-Identifier: Apache-2.0
#include "robustness/test_spec.h"

#include <gmock/gmock.h>

#include <limits>

#include "base/error.h"
#include "robustness/evaluate_options.h"

namespace murine::test_spec_test {

TEST(TestSpec, ReadsNamesNormsAndLevels) {
  const auto noise = ParseNoiseTests("gaussian:0,0.05  uniform;salt-and-pepper:0.1");
  ASSERT_EQ(noise.size(), 3u);
  EXPECT_THAT(noise[0].levels, testing::ElementsAre(0, 0.05));
  EXPECT_EQ(noise[1].levels, DefaultLevels(Noise::kUniform));
  EXPECT_EQ(noise[2].kind, Noise::kSaltAndPepper);
  const auto attacks = ParseAttackTests("fgsm pgd:l2 pgd:linf:1/255,0.01 pgd:0.5");
  ASSERT_EQ(attacks.size(), 4u);
  EXPECT_EQ(attacks[0].norm, Norm::kLinf);
  EXPECT_EQ(attacks[1].norm, Norm::kL2);
  EXPECT_THAT(attacks[2].epsilons, testing::ElementsAre(testing::DoubleEq(1.0 / 255), 0.01));
  EXPECT_THAT(attacks[3].epsilons, testing::ElementsAre(0.5));
  EXPECT_TRUE(ParseAttackTests("").empty());
}

TEST(TestSpec, MinimalAttacksAndCorruptions) {
  const auto attacks = ParseAttackTests("fmn boundary cw:l2:0.1 fab:l2");
  ASSERT_EQ(attacks.size(), 4u);
  EXPECT_TRUE(attacks[0].epsilons.empty());
  EXPECT_EQ(attacks[0].norm, Norm::kLinf);
  EXPECT_EQ(attacks[1].norm, Norm::kL2);  // it has no other
  EXPECT_THAT(attacks[2].epsilons, testing::ElementsAre(0.1));
  EXPECT_FALSE(attacks[3].epsilons.empty());  // it stands among those with a budget, too
  const auto corruptions = ParseCorruptionTests("cifar10-c-like:1,5 extra fog:3");
  ASSERT_EQ(corruptions.size(), 3u);
  EXPECT_EQ(corruptions[0].kinds.size(), 15u);
  EXPECT_THAT(corruptions[0].severities, testing::ElementsAre(1, 5));
  EXPECT_EQ(corruptions[1].kinds.size(), 4u);
  EXPECT_THAT(corruptions[1].severities, testing::ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(corruptions[2].kinds, testing::ElementsAre(Corruption::kFog));
  for (const char* text : {"fogg", "fog:0", "fog:6", "fog:1.5", "fog:1:2", "extra:x", "cifar10-c"})
    EXPECT_THROW(ParseCorruptionTests(text), Error) << text;
  for (const char* text : {"cw:linf", "boundary:linf:0.1"})
    EXPECT_THROW(ParseAttackTests(text), Error) << text;
}

TEST(TestSpec, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"gausian", "gaussian:a", "gaussian:-1", "gaussian:1:2", ":", "gaussian:1/0",
                           "gaussian:nan", "gaussian:0.1,0.10000001"}) {
    try {
      ParseNoiseTests(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << text;
    }
  }
  for (const char* text : {"pgf", "pgd:l3", "pgd:linf:x", "pgd:linf:1:2", "pgd:8/255,0.0313725"})
    EXPECT_THROW(ParseAttackTests(text), Error) << text;
}

// What CheckTests refuses; nothing where all can run.
ErrorParts Refused(const EvaluateOptions& options) {
  try {
    options.CheckTests();
  } catch (const Error& error) {
    return error.parts();
  }
  return {};
}

TEST(EvaluateOptions, RefuseTargetsWhereAnAttackHasNoTargetedForm) {
  EvaluateOptions options;
  options.attacks = "boundary deepfool:l2 autoattack";
  EXPECT_EQ(Refused(options).what, "");
  options.targets = Targets::kClassWise;
  for (const char* name : {"deepfool", "autoattack"}) {
    options.attacks = std::string("boundary ") + name + ":l2";
    EXPECT_EQ(Refused(options).what, std::string(name) + " has no targeted form");
    EXPECT_EQ(Refused(options).kind, ErrorKind::kUsage);
  }
  options.attacks = "fgsm pgd apgd-ce apgd-dlr apgd square fab boundary brendel-bethge fmn cw";
  EXPECT_EQ(Refused(options).what, "");
}

TEST(EvaluateOptions, CountNoFurtherThanAnAttack) {
  constexpr int64_t kMost = std::numeric_limits<int>::max();
  for (const auto& [count, name] : {std::pair{&EvaluateOptions::pgd_steps, "--pgd-steps"},
                                    {&EvaluateOptions::attack_steps, "--attack-steps"},
                                    {&EvaluateOptions::restarts, "--restarts"},
                                    {&EvaluateOptions::batch, "--batch"}}) {
    EvaluateOptions options;
    options.*count = kMost;
    EXPECT_EQ(Refused(options).what, "") << name;
    for (const int64_t more : {kMost + 1, int64_t{4294967300}, std::numeric_limits<int64_t>::max()}) {
      options.*count = more;
      const ErrorParts parts = Refused(options);
      EXPECT_EQ(parts.what, name);
      EXPECT_EQ(parts.expected, "at most 2147483647");
      EXPECT_EQ(parts.got, std::to_string(more));
      EXPECT_EQ(parts.kind, ErrorKind::kUsage);
    }
  }
}

}  // namespace murine::test_spec_test
