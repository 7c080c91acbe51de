// SPDX-License-Identifier: Apache-2.0
#include "io/artifact.h"

#include <gmock/gmock.h>

#include "base/hash.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "io/temporary_folder.h"

namespace murine::artifact_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string Refusal(const Json& stored, const Json& wanted) {
  return MessageOf([&] { RefuseOtherConfig(stored, wanted, "out"); });
}

TEST(RefuseOtherConfig, TheSameInAnyOrderIsNoOther) {
  EXPECT_EQ(Refusal({{"a", 1}, {"b", {1, 2}}}, {{"b", {1, 2}}, {"a", 1}}), "no error");
  EXPECT_EQ(Refusal(Json::object(), Json::object()), "no error");
  EXPECT_EQ(Refusal({{"a", 1}}, {{"a", 1.0}}), "no error");  // TOML and JSON writers may differ here
}

TEST(RefuseOtherConfig, NamesWhatDiffers) {
  const std::string message =
      Refusal({{"a", 1}, {"b", 2}, {"old", 3}}, {{"a", 1}, {"b", "x"}, {"new", nullptr}});
  EXPECT_THAT(message, AllOf(HasSubstr("another configuration in out"),
                             HasSubstr("expected b = \"x\", old = nothing, new = null"),
                             HasSubstr("got b = 2, old = 3, new = nothing"), Not(HasSubstr("a = "))));
  EXPECT_THAT(Refusal({{"a", {{"x", 1}}}}, {{"a", {{"x", 2}}}}), HasSubstr("a = {\"x\":2}"));
}

TEST(RefuseOtherConfig, NoMoreThanThreeKeys) {
  const std::string message =
      Refusal(Json::object(), {{"k1", 1}, {"k2", 1}, {"k3", 1}, {"k4", 1}, {"k5", 1}});
  EXPECT_THAT(message, AllOf(HasSubstr("k3"), Not(HasSubstr("k4"))));
}

TEST(RefuseOtherConfig, AStoredConfigurationThatIsNone) {
  for (const Json& stored : {Json(5), Json::array({1, 2}), Json("text"), Json(nullptr)})
    EXPECT_THAT(Refusal(stored, {{"a", 1}}), HasSubstr("another configuration"));
}

class DescribedArray : public testing::Test {
 protected:
  void Write() {
    Json description = {{"config", config_}, {"n", 2}};
    WriteDescribedArray(folder_ / "S.npy", {2}, std::vector<float>{1, 2}, description);
  }
  std::optional<Json> Finished(const Json& config) const { return FinishedArray(folder_ / "S.npy", config); }
  std::string FaultOf(const Json& config) const {
    return MessageOf([&] { Finished(config); });
  }
  const Json config_ = {{"kind", "pixel"}};
  TemporaryFolder folder_;
};

TEST_F(DescribedArray, IsFoundAgain) {
  EXPECT_FALSE(Finished(config_));
  Write();
  EXPECT_THAT(folder_.Names(), ElementsAre("S.json", "S.npy"));
  EXPECT_THAT(ReadNpy<float>(folder_ / "S.npy").values, ElementsAre(1, 2));
  const auto found = Finished(config_);
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)["n"], 2);
  EXPECT_EQ((*found)["sha256"], Sha256Hex(std::string("\0\0\x80\x3f\0\0\0\x40", 8)));
}

TEST_F(DescribedArray, OfAnotherConfigurationIsRefused) {
  Write();
  EXPECT_THAT(FaultOf({{"kind", "neural"}}), HasSubstr("another configuration"));
  std::filesystem::remove(folder_ / "S.npy");  // the description alone still belongs to that one
  EXPECT_THAT(FaultOf({{"kind", "neural"}}), HasSubstr("another configuration"));
}

TEST_F(DescribedArray, IsMadeAgainWhereOnlyTheDescriptionWasWritten) {
  Write();
  std::filesystem::remove(folder_ / "S.npy");
  EXPECT_FALSE(Finished(config_));
}

TEST_F(DescribedArray, OfSomebodyElseIsRefused) {
  WriteNpy<float>(folder_ / "S.npy", {1}, std::vector<float>{1});
  EXPECT_THAT(FaultOf(config_), HasSubstr("not made by murine"));
  for (const char* foreign : {"[1, 2]", "{\"config\": 3}", "{}", "null"}) {
    WriteFileAtomically(folder_ / "S.json", foreign);
    EXPECT_THAT(FaultOf(config_), HasSubstr("another configuration")) << foreign;
  }
}

TEST_F(DescribedArray, DamageIsNotTakenForAResult) {
  Write();
  const std::string whole = ReadFile(folder_ / "S.npy");
  WriteFileAtomically(folder_ / "S.npy", whole.substr(0, whole.size() - 1));
  EXPECT_THAT(FaultOf(config_), HasSubstr("file size and header differ"));
  std::string changed = whole;
  changed.back() = 0x41;
  WriteFileAtomically(folder_ / "S.npy", changed);
  EXPECT_THAT(FaultOf(config_), HasSubstr("hash does not fit"));
  WriteFileAtomically(folder_ / "S.npy", whole);
  EXPECT_TRUE(Finished(config_));
}

TEST(CheckOutput, ByHowItBegins) {
  const TemporaryFolder folder;
  const auto message = [&](const std::filesystem::path& out, ArtifactKind kind) {
    return MessageOf([&] { CheckOutput(out, kind); });
  };
  WriteFileAtomically(folder / "results.json", "{\"config\": {}}");
  WriteFileAtomically(folder / "model.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10));
  WriteFileAtomically(folder / "empty", "");
  constexpr ArtifactKind kAll[] = {ArtifactKind::kFolder, ArtifactKind::kJson, ArtifactKind::kSafeTensors};
  for (const ArtifactKind kind : kAll) {
    EXPECT_EQ(message(folder / "absent", kind), "no error");
    EXPECT_THAT(message(folder / "empty", kind), HasSubstr("nothing that this command writes"));
    EXPECT_EQ(message(folder / "results.json", kind) == "no error", kind == ArtifactKind::kJson);
    EXPECT_EQ(message(folder / "model.safetensors", kind) == "no error", kind == ArtifactKind::kSafeTensors);
    EXPECT_EQ(message(folder.path(), kind) == "no error", kind == ArtifactKind::kFolder);
  }
}

// S.json would be the array's own description.
TEST_F(DescribedArray, CannotBeCalledJsonNorLieInAFile) {
  const auto message = MessageOf([&] { FinishedArray(folder_ / "S.json", config_); });
  EXPECT_THAT(message, HasSubstr(".json"));
  EXPECT_THAT(MessageOf([&] { FinishedArray("/proc/version/S.npy", config_); }),
              HasSubstr("cannot write into the folder in /proc/version: got Not a directory"));
  EXPECT_THAT(folder_.Names(), IsEmpty());
}

}  // namespace murine::artifact_test
