// SPDX-License-Identifier: Apache-2.0
#include "io/image_file.h"

#include <gmock/gmock.h>
#include <png.h>
#include <zlib.h>

#include <cmath>
#include <cstdlib>

#include "io/file.h"
#include "io/temporary_folder.h"

namespace murine::image_file_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Smooth, as photographs are, so that JPEG comes near.
Picture Ramp(int64_t channels) {
  Picture picture{24, 40, channels, {}};
  for (int64_t y = 0; y < picture.height; ++y)
    for (int64_t x = 0; x < picture.width; ++x)
      for (int64_t c = 0; c < channels; ++c)
        picture.pixels.push_back(static_cast<uint8_t>(y * 5 + x * 3 + c * 7));
  return picture;
}

// A PNG of any kind, written by libpng's full interface (EncodePng uses the simplified one).
struct PngKind {
  int color = PNG_COLOR_TYPE_GRAY, depth = 8;
  std::vector<png_color> palette = {};
  std::vector<png_byte> transparency = {};  // of the palette
  double gamma = 0;                         // gAMA chunk; 0: none
};

std::string EncodeAnyPng(const PngKind& kind, const std::vector<std::vector<uint8_t>>& rows, uint32_t width) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  std::string bytes;
  png_set_write_fn(
      png, &bytes,
      [](png_structp from, png_bytep data, png_size_t size) {
        static_cast<std::string*>(png_get_io_ptr(from))->append(reinterpret_cast<char*>(data), size);
      },
      nullptr);
  png_set_IHDR(png, info, width, static_cast<uint32_t>(rows.size()), kind.depth, kind.color,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!kind.palette.empty())
    png_set_PLTE(png, info, kind.palette.data(), static_cast<int>(kind.palette.size()));
  if (!kind.transparency.empty())
    png_set_tRNS(png, info, kind.transparency.data(), static_cast<int>(kind.transparency.size()), nullptr);
  if (kind.gamma > 0) png_set_gAMA(png, info, kind.gamma);
  png_write_info(png, info);
  for (const auto& row : rows) png_write_row(png, row.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

class ImageFile : public testing::Test {
 protected:
  Picture Read(const std::string& bytes) const {
    Put(folder_ / "a.png", bytes);
    return ReadPicture(folder_ / "a.png");
  }
  std::string FaultOf(const std::string& bytes) const {
    return MessageOf([&] { Read(bytes); });
  }
  TemporaryFolder folder_;
};

TEST_F(ImageFile, PngRoundTrip) {
  for (const int64_t channels : {1, 3}) {
    const Picture picture = Ramp(channels);
    WritePng(folder_ / "b.png", picture);
    const Picture read = ReadPicture(folder_ / "b.png");
    EXPECT_EQ(read.height, 24);
    EXPECT_EQ(read.width, 40);
    EXPECT_EQ(read.channels, channels);
    EXPECT_EQ(read.pixels, picture.pixels);
    EXPECT_EQ(EncodePng(picture), EncodePng(picture));  // no time in it
  }
}

TEST_F(ImageFile, JpegComesNear) {
  for (const int64_t channels : {1, 3}) {
    const Picture picture = Ramp(channels), read = Read(EncodeJpeg(picture, 95));  // by content, not name
    ASSERT_EQ(read.pixels.size(), picture.pixels.size());
    EXPECT_EQ(read.channels, channels);
    EXPECT_EQ(read.width, 40);
    double sum = 0;
    for (size_t i = 0; i < read.pixels.size(); ++i) sum += std::abs(read.pixels[i] - picture.pixels[i]);
    // Quantization at quality 95 is by steps of a few grey levels; halved colour resolution adds as much.
    EXPECT_LT(sum / static_cast<double>(read.pixels.size()), 4);
  }
}

// v * 257 is v in 16 bits: what 8-bit readers such as PIL show of it is its high byte.
TEST_F(ImageFile, SixteenBitsBecomeEight) {
  std::vector<uint8_t> row;
  for (const int value : {0, 1, 64, 128, 200, 255}) row.insert(row.end(), 2, static_cast<uint8_t>(value));
  EXPECT_THAT(Read(EncodeAnyPng({.depth = 16}, {row}, 6)).pixels, ElementsAre(0, 1, 64, 128, 200, 255));
  const Picture color = Read(EncodeAnyPng({.color = PNG_COLOR_TYPE_RGB, .depth = 16}, {row}, 2));
  EXPECT_EQ(color.channels, 3);
  EXPECT_THAT(color.pixels, ElementsAre(0, 1, 64, 128, 200, 255));
}

TEST_F(ImageFile, PalettesBecomeColours) {
  const PngKind kind{.color = PNG_COLOR_TYPE_PALETTE, .palette = {{1, 2, 3}, {4, 5, 6}, {250, 0, 128}}};
  EXPECT_THAT(Read(EncodeAnyPng(kind, {{2, 0}, {1, 1}}, 2)).pixels,
              ElementsAre(250, 0, 128, 1, 2, 3, 4, 5, 6, 4, 5, 6));
}

TEST_F(ImageFile, FewBitsBecomeEight) {
  EXPECT_THAT(Read(EncodeAnyPng({.depth = 1}, {{0b10100000}}, 3)).pixels, ElementsAre(255, 0, 255));
  EXPECT_THAT(Read(EncodeAnyPng({.depth = 2}, {{0b00011011}}, 4)).pixels, ElementsAre(0, 85, 170, 255));
}

TEST_F(ImageFile, AlphaIsDroppedAndColoursStay) {
  EXPECT_THAT(
      Read(EncodeAnyPng({.color = PNG_COLOR_TYPE_RGBA}, {{10, 20, 30, 0, 40, 50, 60, 128}}, 2)).pixels,
      ElementsAre(10, 20, 30, 40, 50, 60));
  EXPECT_THAT(Read(EncodeAnyPng({.color = PNG_COLOR_TYPE_GRAY_ALPHA}, {{10, 0, 200, 77}}, 2)).pixels,
              ElementsAre(10, 200));
  const PngKind kind{
      .color = PNG_COLOR_TYPE_PALETTE, .palette = {{1, 2, 3}, {4, 5, 6}}, .transparency = {0, 100}};
  EXPECT_THAT(Read(EncodeAnyPng(kind, {{1, 0}}, 2)).pixels, ElementsAre(4, 5, 6, 1, 2, 3));
}

// Every image tool of Python's shows the stored values, whatever gamma a file claims.
TEST_F(ImageFile, StoredValuesAreNotCorrectedForGamma) {
  for (const double gamma : {0.45455, 0.5, 1.0})
    EXPECT_THAT(Read(EncodeAnyPng({.gamma = gamma}, {{0, 64, 128, 255}}, 4)).pixels,
                ElementsAre(0, 64, 128, 255))
        << gamma;
}

TEST_F(ImageFile, TruncationsAreFound) {
  const std::string png = EncodePng(Ramp(3)), jpeg = EncodeJpeg(Ramp(3), 80);
  for (size_t size = 0; size < png.size(); ++size)
    EXPECT_THAT(FaultOf(png.substr(0, size)), HasSubstr("a.png")) << size;
  for (size_t size = 0; size + 2 < jpeg.size(); ++size)  // all but the end marker
    EXPECT_THAT(FaultOf(jpeg.substr(0, size)), HasSubstr("a.png")) << size;
}

TEST_F(ImageFile, DamageIsFound) {
  std::string png = EncodePng(Ramp(1));
  png[png.size() / 2] = static_cast<char>(png[png.size() / 2] ^ 1);
  EXPECT_THAT(FaultOf(png), AllOf(HasSubstr("damaged PNG"), HasSubstr("a.png")));
}

TEST_F(ImageFile, NeitherPngNorJpeg) {
  for (const char* bytes : {"", "GIF89a", "P5 1 1 255 a", "RIFF....WEBP"})
    EXPECT_THAT(FaultOf(bytes), HasSubstr("expected PNG or JPEG"));
  EXPECT_THAT(MessageOf([&] { ReadPicture(folder_.path()); }), HasSubstr("got a folder"));
}

// A header may claim any size; memory is asked for only when it can be true.
TEST_F(ImageFile, ImpossibleSizes) {
  std::string png = EncodeAnyPng({}, {{1}}, 1);
  const auto claim = [&](const std::string& width, const std::string& height) {
    std::string changed = png;
    changed.replace(16, 8, width + height);
    const auto crc = static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(changed.data() + 12), 17));  // of IHDR and its content
    for (int k = 0; k < 4; ++k) changed[29 + k] = static_cast<char>(crc >> (24 - 8 * k));
    return FaultOf(changed);
  };
  EXPECT_THAT(claim(std::string("\0\x01\0\0", 4), std::string("\0\x01\0\0", 4)),
              HasSubstr("size of the image"));
  EXPECT_THAT(claim(std::string("\0\0\0\0", 4), std::string("\0\0\0\1", 4)), HasSubstr("damaged PNG"));
  std::string jpeg = EncodeJpeg(Ramp(1), 80);
  const size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, "\xf0\xf0\xf0\xf0");
  EXPECT_THAT(FaultOf(jpeg), HasSubstr("more pixels"));
}

}  // namespace murine::image_file_test
