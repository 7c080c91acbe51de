// SPDX-License-Identifier: Apache-2.0
#include "io/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>

#include "base/error.h"
#include "io/file.h"

namespace murine {

std::string ReadMaybeGzip(const std::filesystem::path& path, int64_t most_bytes) {
  std::string packed = ReadFile(path, most_bytes);
  if (packed.size() < 2 || packed[0] != '\x1f' || packed[1] != '\x8b') return packed;

  z_stream stream{};
  constexpr int kGzipAlone = 16;
  if (inflateInit2(&stream, MAX_WBITS + kGzipAlone) != Z_OK)
    throw Error({.what = "zlib could not start", .where = path.string()});
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string content;
  std::array<char, 1 << 16> chunk;
  int status = Z_OK;
  while (status == Z_OK && static_cast<int64_t>(content.size()) <= most_bytes) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = chunk.size();
    status = inflate(&stream, Z_NO_FLUSH);
    content.append(chunk.data(), chunk.size() - stream.avail_out);
    // A gzip file is a series of members (RFC 1952, 2.2).
    if (status == Z_STREAM_END && stream.avail_in > 0) status = inflateReset(&stream);
  }
  inflateEnd(&stream);
  if (static_cast<int64_t>(content.size()) > most_bytes)
    throw Error({.what = "the file unpacks to more than it should",
                 .where = path.string(),
                 .expected = fmt::format("at most {} bytes", most_bytes)});
  if (status != Z_STREAM_END)
    throw Error(
        {.what = "damaged or truncated gzip file", .where = path.string(), .hint = "get the file again"});
  return content;
}

}  // namespace murine
