// SPDX-License-Identifier: Apache-2.0
#include "report/png_address.h"

#include <algorithm>
#include <cstdint>

#include "io/file.h"

namespace murine {

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    for (size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    const size_t there = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 4; ++k) text += k <= there ? kDigits[three >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string PngAddress(const std::filesystem::path& png) {
  constexpr int64_t kLargestPicture = int64_t{1} << 26;
  return "data:image/png;base64," + Base64(ReadFile(png, kLargestPicture));
}

}  // namespace murine
