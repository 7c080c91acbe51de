// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>

#include "io/json_lines.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "similarity/similarity.h"

namespace murine::target_file_test {

using testing::AllOf;
using testing::HasSubstr;

class TargetFile : public testing::Test {
 protected:
  std::string Refusal(const std::vector<int64_t>& shape, std::vector<float> values,
                      const std::string& stimuli_hash = {}) {
    WriteNpy<float>(folder_ / "S.npy", shape, values);
    return MessageOf([&] { ReadTarget(folder_ / "S.npy", stimuli_hash); });
  }
  TemporaryFolder folder_;
};

TEST_F(TargetFile, AForeignMatrixIsRead) {
  EXPECT_EQ(Refusal({2, 2}, {1, 0.5f, 0.5f, 1}), "no error");
  const SimilarityTarget target = ReadTarget(folder_ / "S.npy", "any stimuli");
  EXPECT_EQ(target.matrix.n, 2);
  EXPECT_EQ(target.matrix.at(0, 1), 0.5f);
  EXPECT_EQ(target.description["kind"], "foreign");
}

TEST_F(TargetFile, RefusesWhatIsNoSimilarity) {
  EXPECT_THAT(Refusal({2, 2}, {1, 0.5f, 0.4f, 1}),
              AllOf(HasSubstr("not symmetric"), HasSubstr("row 0, column 1")));
  EXPECT_THAT(Refusal({2, 2}, {1, NAN, NAN, 1}), HasSubstr("out of range"));
  EXPECT_THAT(Refusal({2, 2}, {1, 1.01f, 1.01f, 1}), AllOf(HasSubstr("out of range"), HasSubstr("1.01")));
  EXPECT_THAT(Refusal({2, 2}, {1, -INFINITY, -INFINITY, 1}), HasSubstr("out of range"));
  EXPECT_THAT(Refusal({2, 3}, {1, 0, 0, 0, 1, 0}), AllOf(HasSubstr("square"), HasSubstr("(2, 3)")));
  EXPECT_THAT(Refusal({4}, {1, 0, 0, 1}), HasSubstr("square"));
  EXPECT_THAT(Refusal({1, 1}, {1}), HasSubstr("square"));
}

TEST_F(TargetFile, RefusesAnotherHash) {
  const std::string right = "no error";
  ASSERT_EQ(Refusal({2, 2}, {1, 0.5f, 0.5f, 1}), right);
  const std::string hash = ReadTarget(folder_ / "S.npy").description["sha256"];
  WriteJson(folder_ / "S.json", {{"sha256", hash}, {"stimuli_hash", "abc"}});
  EXPECT_EQ(Refusal({2, 2}, {1, 0.5f, 0.5f, 1}, "abc"), right);
  EXPECT_EQ(Refusal({2, 2}, {1, 0.5f, 0.5f, 1}), right);
  EXPECT_THAT(Refusal({2, 2}, {1, 0.5f, 0.5f, 1}, "abd"),
              AllOf(HasSubstr("made for other stimuli"), HasSubstr("abd")));
  EXPECT_THAT(Refusal({2, 2}, {1, 0.25f, 0.25f, 1}, "abc"), HasSubstr("damaged"));
  for (const Json& description :
       {Json::array(), Json({{"form", {{"threshold", 1}}}}), Json({{"stimuli_hash", 7}})}) {
    WriteJson(folder_ / "S.json", description);
    EXPECT_THAT(Refusal({2, 2}, {1, 0.5f, 0.5f, 1}, "abc"), HasSubstr("S.json")) << description;
  }
}

// Found by fuzzing: the JSON library's own exception, which names no file.
TEST_F(TargetFile, RefusesADescriptionOfOtherTypes) {
  for (const char* key : {"kind", "form", "stimuli_hash"}) {
    WriteJson(folder_ / "S.json", {{key, {{"threshold", 0.8}}}});
    EXPECT_THAT(Refusal({2, 2}, {1, 0.5f, 0.5f, 1}, "abc"),
                AllOf(HasSubstr(std::string("S.json, ") + key), HasSubstr("expected a text, got object")));
  }
}

TEST_F(TargetFile, UnitVectorsAreMultipliedPairByPair) {
  WriteNpy<float>(folder_ / "S.npy", {3, 2}, std::vector<float>{1, 0, 0.6f, 0.8f, 0, -1});
  WriteJson(folder_ / "S.json", {{"form", "factor"}});
  const Target target(folder_ / "S.npy");
  EXPECT_EQ(target.images(), 3);
  EXPECT_EQ(target.at(0, 0), 1);
  EXPECT_FLOAT_EQ(target.at(0, 1), 0.6f);
  EXPECT_FLOAT_EQ(target.at(2, 1), -0.8f);
  EXPECT_FALSE(target.filter());
  WriteNpy<float>(folder_ / "S.npy", {3, 2}, std::vector<float>{1, 0, 0.6f, 0.7f, 0, -1});
  EXPECT_THAT(MessageOf([&] { Target(folder_ / "S.npy"); }),
              AllOf(HasSubstr("unit vector"), HasSubstr("row 1")));
  WriteNpy<float>(folder_ / "S.npy", {3, 2}, std::vector<float>{1, 0, NAN, 0.8f, 0, -1});
  EXPECT_THAT(MessageOf([&] { Target(folder_ / "S.npy"); }), HasSubstr("row 1"));
}

}  // namespace murine::target_file_test
