// SPDX-License-Identifier: Apache-2.0
#include "io/image_file.h"

#include <fmt/format.h>
#include <jpeglib.h>
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "io/file.h"

namespace murine {
namespace {

constexpr int64_t kMostPixels = int64_t{1} << 28, kMostBytes = int64_t{1} << 31;

void CheckSize(int64_t height, int64_t width, const std::string& where) {
  if (height < 1 || width < 1 || height > kMostPixels / width)
    throw Error({.what = "size of the image",
                 .where = where,
                 .expected = fmt::format("at most {} pixels", kMostPixels),
                 .got = fmt::format("{} x {}", height, width)});
}

// What libpng reads from, and where it reports to. It leaves a fault through a jump; the message survives it.
struct PngSource {
  std::string_view rest;
  char message[256] = "";
};

struct PngReader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  explicit PngReader(PngSource& source) {
    png = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, &source,
        [](png_structp from, png_const_charp text) {
          char* message = static_cast<PngSource*>(png_get_error_ptr(from))->message;
          std::strncpy(message, text, sizeof(PngSource::message) - 1);
          png_longjmp(from, 1);
        },
        [](png_structp, png_const_charp) {});
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) throw Error({.what = "libpng could not start"});
    png_set_read_fn(png, &source, [](png_structp from, png_bytep to, png_size_t size) {
      std::string_view& rest = static_cast<PngSource*>(png_get_io_ptr(from))->rest;
      if (size > rest.size()) png_error(from, "the file ends too early");
      std::memcpy(to, rest.data(), size);
      rest.remove_prefix(size);
    });
  }
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
};

// libpng's full interface: its simplified one takes 16-bit files for linear light and obeys gAMA chunks, so
// that grey levels would not be those that are stored and that other tools show.
Picture DecodePng(std::string_view bytes, const std::string& where) {
  PngSource source{bytes};
  const PngReader reader(source);
  const auto picture = std::make_unique<Picture>();  // nothing on the stack changes between jump and landing
  const auto rows = std::make_unique<std::vector<png_bytep>>();
  if (setjmp(png_jmpbuf(reader.png)) != 0)
    throw Error({.what = "damaged PNG", .where = where, .got = source.message, .hint = "get the file again"});
  png_read_info(reader.png, reader.info);
  picture->height = png_get_image_height(reader.png, reader.info);
  picture->width = png_get_image_width(reader.png, reader.info);
  CheckSize(picture->height, picture->width, where);
  png_set_expand(reader.png);  // palettes to colours, fewer bits to 8
  png_set_scale_16(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  picture->channels = png_get_channels(reader.png, reader.info);
  const auto row = static_cast<size_t>(picture->width * picture->channels);
  picture->pixels.resize(static_cast<size_t>(picture->height) * row);
  for (int64_t y = 0; y < picture->height; ++y)
    rows->push_back(picture->pixels.data() + static_cast<size_t>(y) * row);
  png_read_image(reader.png, rows->data());
  png_read_end(reader.png, nullptr);
  return std::move(*picture);
}

// libjpeg reports through a jump; the message survives it.
struct JpegFault : jpeg_error_mgr {
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

void SetUpFault(JpegFault& fault) {
  jpeg_std_error(&fault);
  fault.error_exit = [](j_common_ptr info) {
    auto* self = static_cast<JpegFault*>(info->err);
    self->format_message(info, self->message);
    std::longjmp(self->jump, 1);
  };
  fault.output_message = [](j_common_ptr) {};
}

}  // namespace

Picture DecodeJpeg(std::string_view bytes, const std::string& where) {
  jpeg_decompress_struct info;
  JpegFault fault;
  info.err = &fault;
  SetUpFault(fault);
  const auto picture = std::make_unique<Picture>();
  std::string refused;
  if (setjmp(fault.jump) != 0) {
    jpeg_destroy_decompress(&info);
    throw Error({.what = "damaged JPEG", .where = where, .got = fault.message, .hint = "get the file again"});
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  if (int64_t{info.image_height} * info.image_width <= kMostPixels) {
    info.out_color_space = info.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&info);
    picture->height = info.output_height;
    picture->width = info.output_width;
    picture->channels = info.output_components;
    const size_t row = static_cast<size_t>(picture->width * picture->channels);
    picture->pixels.resize(static_cast<size_t>(picture->height) * row);
    while (info.output_scanline < info.output_height) {
      JSAMPROW line = picture->pixels.data() + info.output_scanline * row;
      jpeg_read_scanlines(&info, &line, 1);
    }
    if (info.err->num_warnings > 0) refused = "corrupt or truncated data";
    jpeg_finish_decompress(&info);
  } else {
    refused = "more pixels than are read";
  }
  jpeg_destroy_decompress(&info);
  if (!refused.empty())
    throw Error({.what = "damaged JPEG", .where = where, .got = refused, .hint = "get the file again"});
  return std::move(*picture);
}

Picture ReadPicture(const std::filesystem::path& path) {
  const std::string bytes = ReadFile(path, kMostBytes);
  if (bytes.starts_with("\x89PNG")) return DecodePng(bytes, path.string());
  if (bytes.starts_with("\xff\xd8")) return DecodeJpeg(bytes, path.string());
  throw Error({.what = "not an image that is read", .where = path.string(), .expected = "PNG or JPEG"});
}

std::string EncodePng(const Picture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(picture.height);
  image.width = static_cast<png_uint_32>(picture.width);
  image.format = picture.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.pixels.data(), 0, nullptr) == 0)
    throw Error({.what = "cannot encode a PNG", .got = image.message});
  bytes.resize(size);
  return bytes;
}

void WritePng(const std::filesystem::path& path, const Picture& picture) {
  WriteFileAtomically(path, EncodePng(picture));
}

std::string EncodeJpeg(const Picture& picture, int quality) {
  jpeg_compress_struct info;
  JpegFault fault;
  info.err = &fault;
  SetUpFault(fault);
  unsigned char* volatile buffer = nullptr;
  unsigned long size = 0;
  if (setjmp(fault.jump) != 0) {
    jpeg_destroy_compress(&info);
    std::free(buffer);
    throw Error({.what = "cannot encode a JPEG", .got = fault.message});
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, const_cast<unsigned char**>(&buffer), &size);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.input_components = static_cast<int>(picture.channels);
  info.in_color_space = picture.channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  const size_t row = static_cast<size_t>(picture.width * picture.channels);
  while (info.next_scanline < info.image_height) {
    auto* line = const_cast<JSAMPROW>(picture.pixels.data() + info.next_scanline * row);
    jpeg_write_scanlines(&info, &line, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string bytes(reinterpret_cast<char*>(buffer), size);
  std::free(buffer);
  return bytes;
}

}  // namespace murine
