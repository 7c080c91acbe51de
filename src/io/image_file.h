// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace murine {

struct Picture {
  int64_t height = 0, width = 0, channels = 0;  // channels: 1 (gray) or 3 (RGB)
  std::vector<uint8_t> pixels;                  // [height, width, channels]
};

// PNG or JPEG by content, not by name. 16-bit and palette PNGs become 8-bit; alpha is dropped. Errors:
// neither format, damaged, more than 2^28 pixels.
Picture ReadPicture(const std::filesystem::path& path);

std::string EncodePng(const Picture& picture);
void WritePng(const std::filesystem::path& path, const Picture& picture);

std::string EncodeJpeg(const Picture& picture, int quality);
Picture DecodeJpeg(std::string_view bytes, const std::string& where);

}  // namespace murine
