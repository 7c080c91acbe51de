// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "data/image_set.h"

namespace murine::resize_test {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

ImageSet Floats(int64_t count, int64_t channels, int64_t height, int64_t width) {
  ImageSet set;
  set.channels = channels;
  set.height = height;
  set.width = width;
  set.floats.resize(static_cast<size_t>(count * channels * height * width));
  return set;
}

ImageSet Row(const std::vector<float>& values) {
  ImageSet set = Floats(1, 1, 1, static_cast<int64_t>(values.size()));
  set.floats = values;
  return set;
}

// One pixel by its definition: the mean of all pixels of the source under a pyramid around its centre, whose
// half-width is one source pixel, or one target pixel where that is larger.
double PixelByDefinition(std::span<const float> plane, int64_t height, int64_t width, int64_t to_height,
                         int64_t to_width, int64_t y, int64_t x) {
  const auto triangle = [](int64_t i, int64_t from, int64_t to, int64_t k) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    const double distance = std::abs((static_cast<double>(k) + 0.5) - (static_cast<double>(i) + 0.5) * scale);
    return std::max(0.0, 1 - distance / std::max(1.0, scale));
  };
  double sum = 0, weights = 0;
  for (int64_t j = 0; j < height; ++j)
    for (int64_t i = 0; i < width; ++i) {
      const double weight = triangle(y, height, to_height, j) * triangle(x, width, to_width, i);
      sum += weight * static_cast<double>(plane[static_cast<size_t>(j * width + i)]);
      weights += weight;
    }
  return sum / weights;
}

TEST(Resize, AgreesWithTheDefinition) {
  constexpr uint64_t kSeed = 4;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  struct Case {
    int64_t height, width, to_height, to_width;
  };
  for (const Case& c : {Case{5, 7, 11, 13},
                        {11, 13, 5, 7},
                        {8, 8, 3, 20},
                        {28, 28, 32, 32},
                        {32, 32, 36, 64},
                        {1, 1, 4, 4},
                        {9, 9, 1, 1},
                        {7, 5, 7, 9}}) {
    ImageSet set = Floats(2, 3, c.height, c.width);
    RandomStream(kSeed, "pixels").FillUniform(set.floats, 0, 1);
    const ImageSet resized = Resize(set, c.to_height, c.to_width);
    ASSERT_EQ(resized.height, c.to_height);
    ASSERT_EQ(resized.width, c.to_width);
    ASSERT_EQ(resized.count(), 2);
    for (int64_t plane = 0; plane < 6; ++plane) {
      const auto source = std::span(set.floats)
                              .subspan(static_cast<size_t>(plane * c.height * c.width),
                                       static_cast<size_t>(c.height * c.width));
      for (int64_t y = 0; y < c.to_height; ++y)
        for (int64_t x = 0; x < c.to_width; ++x)
          ASSERT_NEAR(resized.floats[static_cast<size_t>((plane * c.to_height + y) * c.to_width + x)],
                      PixelByDefinition(source, c.height, c.width, c.to_height, c.to_width, y, x), 2e-6)
              << c.height << "x" << c.width << " to " << c.to_height << "x" << c.to_width;
    }
  }
}

// Of Pillow's Image.resize(..., BILINEAR) in mode F, and by hand.
TEST(Resize, KnownValues) {
  const auto resized = [](const std::vector<float>& row, int64_t width) {
    return Resize(Row(row), 1, width).floats;
  };
  EXPECT_THAT(resized({0, 1}, 4), ElementsAre(0, 0.25f, 0.75f, 1));
  EXPECT_THAT(resized({0, 0.5f, 1}, 2), Pointwise(FloatNear(1e-7f), {0.1875f, 0.8125f}));
  EXPECT_THAT(resized({1, 0, 0, 0}, 2), Pointwise(FloatNear(1e-7f), {3 / 7.f, 0.f}));
  EXPECT_THAT(resized({0, 0.25f, 0.5f, 0.75f, 1}, 1), Pointwise(FloatNear(1e-7f), {0.5f}));
}

TEST(Resize, ConstantImagesStayConstantAndInRange) {
  for (const float value : {0.f, 1.f / 3, 1.f})
    for (const int64_t size : {3, 7, 28, 31, 64})
      for (const int64_t to : {1, 2, 5, 28, 32, 63, 100}) {
        ImageSet set = Floats(1, 1, size, size);
        std::fill(set.floats.begin(), set.floats.end(), value);
        for (const float pixel : Resize(set, to, to).floats) {
          ASSERT_NEAR(pixel, value, 1e-6f) << size << " to " << to;
          ASSERT_LE(pixel, 1) << size << " to " << to;  // images lie in [0, 1] everywhere
        }
      }
}

TEST(Resize, ToTheSameSizeChangesNothing) {
  ImageSet set;
  set.height = 16;
  set.width = 16;
  set.name = "name";
  set.labels = {3};
  set.classes = 10;
  for (int value = 0; value < 256; ++value) set.bytes.push_back(static_cast<uint8_t>(value));
  const ImageSet resized = Resize(set, 16, 16);
  EXPECT_EQ(resized.floats, set.Floats(0, 1));
  EXPECT_TRUE(resized.bytes.empty());
  EXPECT_EQ(resized.name, "name");
  EXPECT_THAT(resized.labels, ElementsAre(3));
  EXPECT_EQ(resized.classes, 10);
}

}  // namespace murine::resize_test
