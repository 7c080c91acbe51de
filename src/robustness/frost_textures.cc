// SPDX-License-Identifier: Apache-2.0
#include "robustness/frost_textures.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "io/image_file.h"
#include "io/npy.h"

namespace murine {
namespace {

Raster FromPixels(const Picture& picture) {
  Raster raster(3, picture.height, picture.width);
  for (int64_t y = 0; y < picture.height; ++y)
    for (int64_t x = 0; x < picture.width; ++x)
      for (int64_t c = 0; c < 3; ++c) {
        const int64_t channel = picture.channels == 3 ? c : 0;
        const auto at = static_cast<size_t>((y * picture.width + x) * picture.channels + channel);
        raster.At(c, y, x) = static_cast<float>(picture.pixels[at]) / 255;
      }
  return raster;
}

// Half-pixel centres.
Raster Scaled(const Raster& from, int64_t height, int64_t width) {
  Raster to(from.channels, height, width);
  const double rows = static_cast<double>(from.height) / static_cast<double>(height);
  const double columns = static_cast<double>(from.width) / static_cast<double>(width);
  for (int64_t c = 0; c < to.channels; ++c)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        to.At(c, y, x) = Sample(from, c, (static_cast<double>(y) + 0.5) * rows - 0.5,
                                (static_cast<double>(x) + 0.5) * columns - 0.5, Border::kNearest);
  return to;
}

}  // namespace

FrostTextures ReadFrostTextures(const std::filesystem::path& folder, int64_t height, int64_t width) {
  constexpr double kReduction = 0.2;
  std::vector<std::filesystem::path> files;
  std::error_code fault;
  for (const auto& entry : std::filesystem::directory_iterator(folder, fault)) {
    const std::string ending = entry.path().extension().string();
    if (ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".npy")
      files.push_back(entry.path());
  }
  if (fault)
    throw Error({.what = "cannot list the folder", .where = folder.string(), .got = fault.message()});
  std::sort(files.begin(), files.end());
  if (files.empty())
    throw Error({.what = "no frost textures in the folder",
                 .where = folder.string(),
                 .expected = "PNG, JPEG or npy files of frost in colour"});
  FrostTextures frost;
  Sha256 hash;
  for (const auto& file : files) {
    const bool array = file.extension() == ".npy";
    Picture picture;
    if (array) {
      NdArray<uint8_t> pixels = ReadNpy<uint8_t>(file);
      if (pixels.shape.size() != 3 || pixels.shape[2] != 3 || pixels.values.empty())
        throw Error({.what = "shape of a frost texture",
                     .where = file.string(),
                     .expected = "(height, width, 3)",
                     .got = FormatShape(pixels.shape)});
      picture = {pixels.shape[0], pixels.shape[1], 3, std::move(pixels.values)};
    } else {
      picture = ReadPicture(file);
    }
    hash.Add(Sha256Hex(ReadFile(file)));
    const auto rows = static_cast<double>(picture.height), columns = static_cast<double>(picture.width);
    const double scale = std::max(
        {array ? 1 : kReduction, static_cast<double>(height) / rows, static_cast<double>(width) / columns});
    frost.textures.push_back(Scaled(FromPixels(picture),
                                    std::max(height, static_cast<int64_t>(std::lround(rows * scale))),
                                    std::max(width, static_cast<int64_t>(std::lround(columns * scale)))));
  }
  frost.hash = hash.Hex();
  return frost;
}

}  // namespace murine
