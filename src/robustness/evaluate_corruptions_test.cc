// SPDX-License-Identifier: Apache-2.0
// Evaluations on corrupted images: made here, published ones, and the textures of frost.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "io/file.h"
#include "io/npy.h"
#include "robustness/corrupted_images.h"
#include "robustness/evaluated.h"
#include "robustness/frost_textures.h"

namespace murine::evaluate_corruptions_test {

using testing::HasSubstr;

TEST(Evaluate, CorruptionsWithAndWithoutFrost) {
  for (const int64_t channels : {1, 3}) {
    Evaluated evaluated(channels);
    evaluated.options.corruptions = "cifar10-c-like:2,5 extra:1";
    const Json bare = evaluated.Run();
    EXPECT_EQ(bare["tests"].size(), 14u * 2 + 4 + 2);
    EXPECT_EQ(bare["left_out"][0]["name"], "frost");
    EXPECT_EQ(bare["corruptions"]["cifar10-c-like"]["by_corruption"].size(), 18u);
    std::filesystem::create_directory(evaluated.Path("frost"));
    std::vector<uint8_t> texture(20 * 30 * 3, 200);
    WriteNpy<uint8_t>(evaluated.Path("frost/one.npy"), {20, 30, 3}, texture);
    evaluated.options.frost = evaluated.Path("frost");
    const Json whole = evaluated.Run("frost.json");
    EXPECT_EQ(whole["tests"].size(), 15u * 2 + 4 + 2);
    EXPECT_TRUE(whole["left_out"].empty());
    EXPECT_EQ(whole["config"]["frost"].get<std::string>().size(), 64u);
    EXPECT_EQ(whole["tests"].back()["name"], "cifar10-c-like");
    EXPECT_EQ(whole["tests"].back()["level"], 5);
    EXPECT_EQ(whole["tests"].back()["corruptions"], 15);
  }
}

TEST(Evaluate, PublishedCorruptionsAreReadByTheirLayout) {
  Evaluated evaluated(3);
  const auto clean = LoadImages(evaluated.options.data, {.split = Split::kTest, .color = Color::kKeep});
  std::filesystem::create_directory(evaluated.Path("c"));
  std::vector<int64_t> labels;
  std::vector<uint8_t> fog;
  for (int severity = 1; severity <= 5; ++severity)
    for (int64_t i = 0; i < Evaluated::kImages; ++i) {
      labels.push_back(clean.labels[static_cast<size_t>(i)]);
      // severity 1 is the clean set, the others black
      for (int64_t k = 0; k < 8 * 9; ++k)
        for (int64_t c = 0; c < 3; ++c)
          fog.push_back(severity == 1 ? clean.bytes[static_cast<size_t>((i * 3 + c) * 72 + k)] : uint8_t{0});
    }
  WriteNpy<int64_t>(evaluated.Path("c/labels.npy"), {5 * Evaluated::kImages}, labels);
  WriteNpy<uint8_t>(evaluated.Path("c/fog.npy"), {5 * Evaluated::kImages, 8, 9, 3}, fog);
  evaluated.options.cifar10_c = evaluated.Path("c");
  const Json result = evaluated.Run();
  EXPECT_EQ(result["tests"][0]["set"], "cifar10-c");
  EXPECT_EQ(result["tests"][0]["accuracy"], result["clean_accuracy"]);
  EXPECT_LT(result["tests"][1]["accuracy"], result["clean_accuracy"]);
  EXPECT_EQ(result["left_out"].size(), 14u);
  EXPECT_EQ(result["corruptions"]["cifar10-c"]["by_severity"].size(), 5u);
  // a slice names the same rows of every severity
  evaluated.options.data += "@2-9";
  const Json slice = evaluated.Run("slice.json");
  EXPECT_EQ(slice["tests"][0]["accuracy"], slice["clean_accuracy"]);
  EXPECT_EQ(slice["n"], 7);
  labels[4] = (labels[4] + 1) % 5;
  WriteNpy<int64_t>(evaluated.Path("c/labels.npy"), {5 * Evaluated::kImages}, labels);
  try {
    evaluated.Run("bad.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another test split"));
    EXPECT_THAT(error.what(), HasSubstr("row 4"));
  }
}

TEST(FrostTextures, ArePhotographsReducedOrArraysAsTheyAre) {
  const TemporaryFolder folder;
  std::vector<uint8_t> ramp;
  for (int y = 0; y < 10; ++y)
    for (int x = 0; x < 12; ++x)
      for (int c = 0; c < 3; ++c) ramp.push_back(static_cast<uint8_t>(20 * x + c));
  WriteNpy<uint8_t>(folder.path() / "a.npy", {10, 12, 3}, ramp);
  const FrostTextures same = ReadFrostTextures(folder.path(), 8, 8);
  EXPECT_EQ(same.textures[0].height, 10);
  EXPECT_NEAR(same.textures[0].At(2, 5, 7) * 255, 142, 1e-4);
  const FrostTextures larger = ReadFrostTextures(folder.path(), 20, 8);  // doubled, to cover the image
  EXPECT_EQ(larger.textures[0].height, 20);
  EXPECT_EQ(larger.textures[0].width, 24);
  EXPECT_NEAR(larger.textures[0].At(0, 3, 10) * 255, 20 * 4.75, 1e-3);
  EXPECT_EQ(same.hash, larger.hash);
  EXPECT_THROW(ReadFrostTextures(folder.path() / "none", 8, 8), Error);
}

}  // namespace murine::evaluate_corruptions_test
