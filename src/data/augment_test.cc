// SPDX-License-Identifier: Apache-2.0
#include "data/augment.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "io/temporary_folder.h"

namespace murine::augment_test {

using testing::AllOf;
using testing::HasSubstr;

constexpr uint64_t kSeed = 11;
constexpr int64_t kChannels = 2, kHeight = 6, kWidth = 9;
constexpr size_t kSize = kChannels * kHeight * kWidth;

std::vector<float> Image() {  // no two pixels alike
  std::vector<float> image(kSize);
  for (size_t i = 0; i < kSize; ++i) image[i] = static_cast<float>(i + 1) / 200;
  return image;
}

std::vector<float> Augmented(const Augmentation& augmentation, uint64_t index) {
  std::vector<float> image = Image();
  RandomStream stream(kSeed, "augment", 0, index);
  Augment(augmentation, image, kChannels, kHeight, kWidth, stream);
  return image;
}

// The window of an image with four reflected pixels on each side that starts at (top, left): a row or column
// beyond the edge is its mirror image at the edge pixel.
std::vector<float> Window(int64_t top, int64_t left) {
  const std::vector<float> image = Image();
  std::vector<float> padded, window;
  constexpr int64_t kTall = kHeight + 8, kWide = kWidth + 8;
  const auto mirror = [](int64_t i, int64_t size) {
    const int64_t inside = i - 4;
    return inside < 0 ? -inside : inside >= size ? size - 1 - (inside - (size - 1)) : inside;
  };
  for (int64_t c = 0; c < kChannels; ++c)
    for (int64_t y = 0; y < kTall; ++y)
      for (int64_t x = 0; x < kWide; ++x)
        padded.push_back(
            image[static_cast<size_t>((c * kHeight + mirror(y, kHeight)) * kWidth + mirror(x, kWidth))]);
  for (int64_t c = 0; c < kChannels; ++c)
    for (int64_t y = top; y < top + kHeight; ++y)
      for (int64_t x = left; x < left + kWidth; ++x)
        window.push_back(padded[static_cast<size_t>((c * kTall + y) * kWide + x)]);
  return window;
}

TEST(Augment, CropIsAWindowOfTheReflectPaddedImage) {
  EXPECT_EQ(Window(4, 4), Image());
  std::vector<std::vector<float>> windows;
  for (int64_t top = 0; top <= 8; ++top)
    for (int64_t left = 0; left <= 8; ++left) windows.push_back(Window(top, left));
  std::array<int, 81> seen{};
  constexpr int kDraws = 8100;
  for (int i = 0; i < kDraws; ++i) {
    const auto found =
        std::find(windows.begin(), windows.end(), Augmented({.crop = true}, static_cast<uint64_t>(i)));
    ASSERT_NE(found, windows.end()) << "seed " << kSeed << ", image " << i;
    ++seen[static_cast<size_t>(found - windows.begin())];
  }
  double chi_square = 0;  // each of the 81 windows is as likely
  for (const int count : seen) chi_square += std::pow(count - 100.0, 2) / 100;
  EXPECT_LT(chi_square, 134.0) << "seed " << kSeed;  // p = 1e-4 with 80 degrees of freedom
}

TEST(Augment, FlipIsTheMirrorImageHalfOfTheTime) {
  std::vector<float> mirrored = Image();
  for (size_t row = 0; row < kChannels * kHeight; ++row)
    for (size_t x = 0; x < kWidth; ++x) mirrored[row * kWidth + x] = Image()[row * kWidth + kWidth - 1 - x];
  int flips = 0;
  constexpr int kDraws = 2000;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const std::vector<float> image = Augmented({.flip = true}, i);
    ASSERT_TRUE(image == mirrored || image == Image()) << "seed " << kSeed << ", image " << i;
    flips += image == mirrored;
  }
  EXPECT_NEAR(flips, kDraws / 2, 4 * std::sqrt(kDraws / 4.0)) << "seed " << kSeed;
}

TEST(Augment, NoiseHasItsDeviationAndIsClamped) {
  constexpr double kSigma = 0.1;
  constexpr int64_t kSide = 300;
  std::vector<float> image(kSide * kSide, 0.5f);
  RandomStream stream(kSeed, "augment");
  Augment({.noise = kSigma}, image, 1, kSide, kSide, stream);
  double mean = 0, squares = 0;
  for (const float value : image) mean += (value - 0.5) / (kSide * kSide);
  for (const float value : image) squares += std::pow(value - 0.5, 2) / (kSide * kSide);
  EXPECT_NEAR(mean, 0, 4 * kSigma / kSide) << "seed " << kSeed;
  EXPECT_NEAR(std::sqrt(squares), kSigma, 4 * kSigma / kSide / std::sqrt(2)) << "seed " << kSeed;
  std::fill(image.begin(), image.end(), 1.f);
  Augment({.noise = kSigma}, image, 1, kSide, kSide, stream);
  const auto [least, most] = std::minmax_element(image.begin(), image.end());
  EXPECT_EQ(*most, 1);
  EXPECT_GE(*least, 0);
  EXPECT_NEAR(static_cast<double>(std::count(image.begin(), image.end(), 1.f)), kSide * kSide / 2.0,
              4 * kSide / 2.0)
      << "seed " << kSeed;
}

TEST(Augment, SameStreamSameBits) {
  const Augmentation all = {.crop = true, .flip = true, .noise = 0.05};
  EXPECT_EQ(Augmented(all, 3), Augmented(all, 3));
  EXPECT_NE(Augmented(all, 3), Augmented(all, 4));
  EXPECT_EQ(Augmented({}, 3), Image());
}

TEST(Augment, ImagesSmallerThanTheBorderCannotBeCropped) {
  const auto fault = [](int64_t height, int64_t width) {
    std::vector<float> image(static_cast<size_t>(height * width));
    RandomStream stream(0, "augment");
    return MessageOf([&] { Augment({.crop = true}, image, 1, height, width, stream); });
  };
  EXPECT_EQ(fault(5, 5), "no error");
  EXPECT_THAT(fault(4, 9), AllOf(HasSubstr("more than 4 x 4 pixels, got 4 x 9"), HasSubstr("--augment")));
  EXPECT_THAT(fault(9, 1), HasSubstr("too small"));
}

TEST(Augmentation, TextAndBack) {
  for (const char* text :
       {"none", "crop", "flip", "crop,flip", "noise:0.05", "crop,flip,noise:0.1", "noise:1"})
    EXPECT_EQ(Augmentation::Parse(text).Name(), text);
  EXPECT_EQ(Augmentation::Parse("").Name(), "none");
  EXPECT_EQ(Augmentation::Parse("noise:1e-3,flip").Name(), "flip,noise:0.001");
  for (const char* text : {"crops", "crop,", ",", "crop,,flip", "noise", "noise:", "noise:0", "noise:-1",
                           "noise:1.5", "noise:nan", "noise:0.1x", "none,crop", "crop flip"}) {
    try {
      Augmentation::Parse(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << text;
      EXPECT_THAT(error.what(), HasSubstr("unknown augmentation '")) << text;
    }
  }
}

}  // namespace murine::augment_test
