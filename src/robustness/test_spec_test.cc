// SPDX-License-Identifier: Apache-2.0
#include "robustness/test_spec.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace murine {
namespace {

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

TEST(TestSpec, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"gausian", "gaussian:a", "gaussian:-1", "gaussian:1:2", ":", "gaussian:1/0", "gaussian:nan"}) {
    try {
      ParseNoiseTests(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << text;
    }
  }
  for (const char* text : {"pgf", "pgd:l3", "pgd:linf:x", "pgd:linf:1:2"})
    EXPECT_THROW(ParseAttackTests(text), Error) << text;
}

}  // namespace
}  // namespace murine
