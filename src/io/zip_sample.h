// SPDX-License-Identifier: Apache-2.0
// For tests: zip archives as PKWARE's APPNOTE 6.3 describes them, without a library that writes them.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace murine {

struct ZipSample {
  std::string name, content;
  bool deflated = true;
  bool zip64 = false;  // sizes and offset in the extra field
};

inline std::string LittleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}

inline std::string Deflated(std::string_view content) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(compressBound(content.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// Local headers and data, the central directory, the end record, a comment.
inline std::string MakeZip(const std::vector<ZipSample>& samples) {
  std::string file, directory;
  for (const ZipSample& each : samples) {
    const auto* bytes = reinterpret_cast<const Bytef*>(each.content.data());
    const uint64_t crc = crc32(crc32(0, nullptr, 0), bytes, static_cast<uInt>(each.content.size()));
    const std::string packed = each.deflated ? Deflated(each.content) : each.content;
    const auto sizes = [&](bool elsewhere) {
      return elsewhere ? std::string(8, '\xff')
                       : LittleEndian(packed.size(), 4) + LittleEndian(each.content.size(), 4);
    };
    const std::string common = LittleEndian(0, 2) + LittleEndian(each.deflated ? 8 : 0, 2) +
                               LittleEndian(0, 4) + LittleEndian(crc, 4);
    const uint64_t offset = file.size();
    file += LittleEndian(0x04034b50, 4) + LittleEndian(45, 2) + common + sizes(false) +
            LittleEndian(each.name.size(), 2) + LittleEndian(0, 2) + each.name + packed;
    const std::string extra = each.zip64 ? LittleEndian(1, 2) + LittleEndian(24, 2) +
                                               LittleEndian(each.content.size(), 8) +
                                               LittleEndian(packed.size(), 8) + LittleEndian(offset, 8)
                                         : "";
    directory += LittleEndian(0x02014b50, 4) + LittleEndian(45, 2) + LittleEndian(45, 2) + common +
                 sizes(each.zip64) + LittleEndian(each.name.size(), 2) + LittleEndian(extra.size(), 2) +
                 LittleEndian(0, 2) + LittleEndian(0, 8) + LittleEndian(each.zip64 ? 0xffffffff : offset, 4) +
                 each.name + extra;
  }
  const uint64_t start = file.size();
  return file + directory + LittleEndian(0x06054b50, 4) + LittleEndian(0, 4) +
         LittleEndian(samples.size(), 2) + LittleEndian(samples.size(), 2) +
         LittleEndian(directory.size(), 4) + LittleEndian(start, 4) + LittleEndian(7, 2) + "comment";
}

}  // namespace murine
