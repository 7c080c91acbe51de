// SPDX-License-Identifier: Apache-2.0
#include "report/corruption_map.h"

#include <gtest/gtest.h>

#include "io/color_scale.h"
#include "io/image_file.h"
#include "io/temporary_folder.h"
#include "report/png_address.h"

namespace murine::corruption_map_test {

// The picture that an address holds, by a decoder of its own.
Picture Decoded(const std::string& address) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string head = "data:image/png;base64,";
  EXPECT_EQ(address.substr(0, head.size()), head);
  std::string bytes;
  uint32_t bits = 0, count = 0;
  for (const char c : address.substr(head.size())) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<uint32_t>(digits.find(c));
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 255);
  }
  const TemporaryFolder folder;
  Put(folder / "map.png", bytes);
  return ReadPicture(folder / "map.png");
}

Rgb Pixel(const Picture& picture, int64_t row, int64_t column) {
  const uint8_t* at = picture.pixels.data() + 3 * (row * picture.width + column);
  return {at[0], at[1], at[2]};
}

Json Corruption(const char* set, const char* name, int severity, double accuracy) {
  return {{"set", set}, {"name", name}, {"severity", severity}, {"accuracy", accuracy}};
}

TEST(CorruptionMap, EachCellHasTheColourOfItsAccuracy) {
  const Json conditions = {
      {{"name", "untested"}},
      {{"name", "a"},
       {"corruptions",
        {Corruption("like", "fog", 5, 0.5), Corruption("like", "fog", 1, 0.75),
         Corruption("like", "snow", 1, 1), Corruption("published", "fog", 1, 0)}}},
      {{"name", "b"},
       {"corruptions", {Corruption("like", "snow", 1, 0.25), Corruption("like", "blur", 1, 0.125)}}}};
  const Json maps = CorruptionMaps(conditions);
  ASSERT_EQ(maps.size(), 2u);
  EXPECT_EQ(maps[0]["set"], "like");
  EXPECT_EQ(maps[0]["names"], (Json{"fog", "snow", "blur"}));
  EXPECT_EQ(maps[0]["columns"],
            Json::parse(R"([{"condition": 1, "severity": 1.0}, {"condition": 1, "severity": 5.0},
                                                {"condition": 2, "severity": 1.0}])"));
  const Picture picture = Decoded(maps[0]["png"]);
  ASSERT_EQ(picture.height, 3);
  ASSERT_EQ(picture.width, 3);
  EXPECT_EQ(Pixel(picture, 0, 0), HeatColor(0.75));
  EXPECT_EQ(Pixel(picture, 0, 1), HeatColor(0.5));
  EXPECT_EQ(Pixel(picture, 0, 2), kNoColor);
  EXPECT_EQ(Pixel(picture, 1, 0), HeatColor(1));
  EXPECT_EQ(Pixel(picture, 1, 1), kNoColor);
  EXPECT_EQ(Pixel(picture, 1, 2), HeatColor(0.25));
  EXPECT_EQ(Pixel(picture, 2, 2), HeatColor(0.125));
  EXPECT_EQ(maps[1]["set"], "published");
  EXPECT_EQ(Pixel(Decoded(maps[1]["png"]), 0, 0), HeatColor(0));
}

TEST(CorruptionMap, WithoutCorruptionsThereIsNone) {
  EXPECT_TRUE(CorruptionMaps(Json::array()).empty());
  EXPECT_TRUE(CorruptionMaps({{{"name", "a"}}}).empty());
}

TEST(CorruptionMap, TheScaleReachesFromNothingToAll) {
  const Picture scale = Decoded(HeatScale());
  EXPECT_EQ(scale.height, 1);
  EXPECT_EQ(Pixel(scale, 0, 0), HeatColor(0));
  EXPECT_EQ(Pixel(scale, 0, (scale.width - 1) / 2), HeatColor(0.5));
  EXPECT_EQ(Pixel(scale, 0, scale.width - 1), HeatColor(1));
}

}  // namespace murine::corruption_map_test
