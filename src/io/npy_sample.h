// SPDX-License-Identifier: Apache-2.0
// For tests: npy files as NumPy 1.24 writes them, without NumPy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace murine {

// The bytes of "0000803f", two digits each.
inline std::string FromHex(std::string_view digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

// Magic, version, little-endian length of the header, `dictionary` padded with spaces so that the data starts
// at a multiple of 64, a newline, data.
inline std::string NpyFile(std::string_view dictionary, std::string_view data, char version = 1) {
  const size_t length_bytes = version == 1 ? 2 : 4, start = 8 + length_bytes;
  std::string header(dictionary);
  while ((start + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string file = {'\x93', 'N', 'U', 'M', 'P', 'Y', version, '\0'};
  for (size_t k = 0; k < length_bytes; ++k) file += static_cast<char>(header.size() >> (8 * k) & 255);
  return file.append(header).append(data);
}

inline std::string NpyDictionary(std::string_view dtype, std::string_view shape,
                                 std::string_view fortran = "False") {
  return std::string("{'descr': '")
      .append(dtype)
      .append("', 'fortran_order': ")
      .append(fortran)
      .append(", 'shape': ")
      .append(shape)
      .append(", }");
}

inline std::span<const std::byte> AsBytes(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace murine
