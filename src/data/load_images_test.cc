// SPDX-License-Identifier: Apache-2.0
// LoadImages: the npy kind, grayscale, slices, generated sets, recordings.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "data/image_set.h"
#include "data/tiny_recording.h"
#include "io/npy.h"
#include "io/temporary_folder.h"

namespace murine::load_images_test {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

constexpr LoadImageOptions kColored = {.color = Color::kKeep};

class LoadNpy : public testing::Test {
 protected:
  template <class T>
  std::string Write(const std::vector<int64_t>& shape, const std::vector<T>& values,
                    const std::string& name = "a.npy") const {
    WriteNpy<T>(folder_ / name, shape, values);
    return "npy:" + (folder_ / name).string();
  }
  TemporaryFolder folder_;
};

TEST_F(LoadNpy, EveryLayout) {
  const std::vector<uint8_t> six = {1, 2, 3, 4, 5, 6};
  struct Case {
    std::vector<int64_t> shape;
    int64_t channels, height, width;
    std::vector<uint8_t> bytes;
  };
  const Case cases[] = {{{1, 2, 3}, 1, 2, 3, six},
                        {{1, 1, 2, 3}, 1, 2, 3, six},
                        {{1, 3, 2, 1}, 3, 2, 1, six},
                        {{1, 2, 1, 3}, 3, 2, 1, {1, 4, 2, 5, 3, 6}}};  // channels last
  for (const Case& each : cases) {
    const ImageSet set = LoadImages(Write(each.shape, six), kColored);
    EXPECT_EQ(set.channels, each.channels) << FormatShape(each.shape);
    EXPECT_EQ(set.height, each.height);
    EXPECT_EQ(set.width, each.width);
    EXPECT_EQ(set.bytes, each.bytes) << FormatShape(each.shape);
  }
  const auto fault = [&](const std::vector<int64_t>& shape) {
    return MessageOf([&] { LoadImages(Write(shape, six), kColored); });
  };
  EXPECT_THAT(fault({6}), HasSubstr("got (6,)"));
  EXPECT_THAT(fault({2, 3}), HasSubstr("got (2, 3)"));
  EXPECT_THAT(fault({1, 2, 3, 1}), HasSubstr("shape of the images"));
  EXPECT_THAT(fault({1, 1, 1, 2, 3}), HasSubstr("shape of the images"));
  EXPECT_THAT(MessageOf([&] { LoadImages(Write<uint8_t>({0, 2, 3}, {}), {}); }), HasSubstr("no images"));
  EXPECT_THAT(MessageOf([&] { LoadImages(Write<uint8_t>({4, 0, 3}, {}), {}); }), HasSubstr("no images"));
}

TEST_F(LoadNpy, FloatsLieBetweenNoughtAndOne) {
  const auto load = [&](float value) {
    return LoadImages(Write<float>({2, 1, 1}, {0.5f, value}), {}).floats;
  };
  EXPECT_THAT(load(1), ElementsAre(0.5f, 1));
  EXPECT_THAT(load(1 + 5e-7f), ElementsAre(0.5f, 1));  // what arithmetic leaves behind
  EXPECT_THAT(load(-5e-7f), ElementsAre(0.5f, 0));
  for (const float value : {1.01f, -0.01f, 255.f, NAN, INFINITY})
    EXPECT_THAT(MessageOf([&] { load(value); }),
                AllOf(HasSubstr("a.npy, image 1"), HasSubstr("8-bit values in an array of uint8")));
}

TEST_F(LoadNpy, Labels) {
  const std::string images = Write<uint8_t>({3, 1, 1}, {1, 2, 3});
  const auto load = [&](const std::vector<int64_t>& shape, const std::vector<double>& labels) {
    WriteNpy<double>(folder_ / "l.npy", shape, labels);
    return LoadImages(images + "," + (folder_ / "l.npy").string(), {});
  };
  EXPECT_THAT(load({3}, {4, 0, 2}).labels, ElementsAre(4, 0, 2));
  EXPECT_EQ(load({3}, {4, 0, 2}).classes, 5);
  const auto fault = [&](const std::vector<int64_t>& shape, const std::vector<double>& labels) {
    return MessageOf([&] { load(shape, labels); });
  };
  EXPECT_THAT(fault({2}, {4, 0}), HasSubstr("l.npy: expected (3,), got (2,)"));
  EXPECT_THAT(fault({3, 1}, {4, 0, 1}), HasSubstr("got (3, 1)"));
  EXPECT_THAT(fault({3}, {4, -1, 1}), HasSubstr("got -1"));
  EXPECT_THAT(fault({3}, {4, 0.5, 1}), HasSubstr("got 0.5"));
  EXPECT_THAT(fault({3}, {4, 1e6, 1}), HasSubstr("got 1000000"));
}

TEST_F(LoadNpy, ACommaMayBePartOfTheName) {
  const std::string images = Write<uint8_t>({3, 1, 1}, {1, 2, 3}, "a,b.npy");
  EXPECT_EQ(LoadImages(images, {}).count(), 3);
  EXPECT_EQ(LoadImages(images + "@1-3", {}).count(), 2);
  EXPECT_EQ(SplitNpyPath(folder_ / "a,b.npy"), std::pair((folder_ / "a,b.npy").string(), std::string()));
  EXPECT_EQ(SplitNpyPath("i.npy,l.npy"), std::pair(std::string("i.npy"), std::string("l.npy")));
}

// Pillow's Image.convert("L"): known values of the corners, and ITU-R 601 within rounding everywhere.
TEST_F(LoadNpy, GrayIsPillows) {
  const auto gray = [&](const std::vector<uint8_t>& rgb) {
    return LoadImages(Write<uint8_t>({static_cast<int64_t>(rgb.size() / 6), 2, 1, 3}, rgb), {}).bytes;
  };
  EXPECT_THAT(
      gray({0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0, 255, 0, 255, 0, 255, 255, 255, 255, 255}),
      ElementsAre(0, 76, 150, 29, 226, 105, 179, 255));
  std::vector<uint8_t> grid;
  for (int red = 0; red < 256; red += 15)
    for (int green = 0; green < 256; green += 15)
      for (int blue = 0; blue < 256; blue += 15)
        for (const int value : {red, green, blue}) grid.push_back(static_cast<uint8_t>(value));
  const std::vector<uint8_t> converted = gray(grid);
  ASSERT_EQ(converted.size() * 3, grid.size());
  for (size_t i = 0; i < converted.size(); ++i) {
    const double luma = 0.299 * grid[3 * i] + 0.587 * grid[3 * i + 1] + 0.114 * grid[3 * i + 2];
    EXPECT_NEAR(converted[i], luma, 0.501);
    if (grid[3 * i] == grid[3 * i + 1] && grid[3 * i] == grid[3 * i + 2]) {
      EXPECT_EQ(converted[i], grid[3 * i]);
    }
  }
}

TEST_F(LoadNpy, GrayOfSeveralImagesAndOfFloats) {
  // Two images of two pixels, channels first: red, then white; green, then black.
  const std::vector<float> values = {1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0};
  const ImageSet floats = LoadImages(Write<float>({2, 3, 1, 2}, values), {});
  EXPECT_EQ(floats.channels, 1);
  EXPECT_THAT(floats.floats, ElementsAre(0.299f, testing::FloatEq(1), 0.587f, 0));
  EXPECT_THAT(floats.floats, Each(AllOf(Ge(0), Le(1))));
  std::vector<uint8_t> bytes;
  for (const float value : values) bytes.push_back(static_cast<uint8_t>(255 * value));
  EXPECT_THAT(LoadImages(Write<uint8_t>({2, 3, 1, 2}, bytes), {}).bytes, ElementsAre(76, 255, 150, 0));
}

TEST_F(LoadNpy, SlicesAndHash) {
  const std::string spec = Write<uint8_t>({4, 1, 1}, {1, 2, 3, 4});
  EXPECT_THAT(LoadImages(spec + "@1-3", {}).bytes, ElementsAre(2, 3));
  EXPECT_EQ(LoadImages(spec + "@1-3", {}).name, spec + "@1-3");
  EXPECT_THAT(LoadImages(spec + "@3-4", {.split = Split::kTest}).bytes, ElementsAre(4));
  EXPECT_THAT(MessageOf([&] { LoadImages(spec + "@3-5", {}); }), HasSubstr("expected at most 4, got 5"));
  const std::string elsewhere = Write<uint8_t>({4, 1, 1}, {1, 2, 3, 4}, "elsewhere/b.npy");
  EXPECT_EQ(StimuliHash(LoadImages(elsewhere, {})), StimuliHash(LoadImages(spec, {})));
  EXPECT_NE(StimuliHash(LoadImages(spec + "@0-3", {})), StimuliHash(LoadImages(spec, {})));
}

TEST(LoadImages, OfARecordingInTheOrderOfTheIds) {
  const TemporaryFolder folder;
  const Recording recording = MakeCompleteRecording();
  WriteRecording(folder / "scan.h5", recording, "{}");
  const ImageSet set = LoadImages("recording:" + (folder / "scan.h5").string(), {});
  EXPECT_EQ(set.bytes, recording.images.bytes);
  EXPECT_EQ(set.count(), 4);
}

TEST(LoadImages, DeadLeavesOfTheSizeNamed) {
  const ImageSet set = LoadImages("dead-leaves:3x5x7", {});
  EXPECT_EQ(set.count(), 3);
  EXPECT_EQ(set.height, 5);
  EXPECT_EQ(set.width, 7);
  for (const char* text : {"many", "3", "3x5", "0x5x7", "3x0x7", "x5x7", "3x5x7x9", "-3x5x7"})
    EXPECT_NE(MessageOf([&] { LoadImages(std::string("dead-leaves:") + text, {}); }), "no error") << text;
  // More pixels than any memory, and more than 64 bits count.
  for (const char* text : {"9000000000000x999999x999999", "9000000x999999x999999"})
    EXPECT_THAT(MessageOf([&] { LoadImages(std::string("dead-leaves:") + text, {}); }),
                HasSubstr("dead-leaves"));
}

}  // namespace murine::load_images_test
