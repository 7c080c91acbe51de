// SPDX-License-Identifier: Apache-2.0
#include "io/zip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"

namespace murine {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50,
                   kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr int64_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20;
constexpr uint16_t kStored = 0, kDeflated = 8, kZip64Extra = 1;
constexpr int64_t kMostPacking = 1032;  // of deflate, whatever the content

Error Damaged(const std::string& where, const std::string& got) {
  return Error({.what = "not a zip file, or a truncated or damaged one",
                .where = where,
                .got = got,
                .hint = "get it again"});
}

// Little-endian fields at any place of the file, each checked against its end.
class Fields {
 public:
  Fields(std::span<const std::byte> bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}

  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }

  std::span<const std::byte> Part(int64_t at, int64_t count) const {
    if (at < 0 || count < 0 || at > size() || count > size() - at)
      throw Damaged(where_, fmt::format("a part at byte {} of {}", at, size()));
    return bytes_.subspan(static_cast<size_t>(at), static_cast<size_t>(count));
  }

  template <class T>
  T Get(int64_t at) const {
    T value;
    std::memcpy(&value, Part(at, sizeof(T)).data(), sizeof(T));
    return value;
  }

  // An offset or a size; those above 2^62 are nonsense and would overflow.
  int64_t Get64(int64_t at) const {
    const auto value = Get<uint64_t>(at);
    if (value >> 62 != 0) throw Damaged(where_, fmt::format("an offset or a size of {}", value));
    return static_cast<int64_t>(value);
  }

 private:
  std::span<const std::byte> bytes_;
  std::string where_;
};

struct Directory {
  int64_t offset = 0, members = 0;
};

// The end record stands last, before a comment of at most 65,535 bytes; zip64 puts another before it.
Directory FindDirectory(const Fields& fields, const std::string& where) {
  const int64_t last = fields.size() - kEndBytes;
  for (int64_t at = last; at >= std::max<int64_t>(0, last - 65535); --at) {
    if (fields.Get<uint32_t>(at) != kEnd) continue;
    const int64_t locator = at - kLocatorBytes;
    if (locator >= 0 && fields.Get<uint32_t>(locator) == kEnd64Locator) {
      const int64_t end64 = fields.Get64(locator + 8);
      fields.Part(end64, kEnd64Bytes);
      if (fields.Get<uint32_t>(end64) != kEnd64) throw Damaged(where, "no zip64 end record");
      return {.offset = fields.Get64(end64 + 48), .members = fields.Get64(end64 + 32)};
    }
    return {.offset = fields.Get<uint32_t>(at + 16), .members = fields.Get<uint16_t>(at + 10)};
  }
  throw Damaged(where, "no end record");
}

// Sizes and offset that do not fit into 32 bits stand in an extra field, in this order, those alone.
void ReadZip64(const Fields& fields, int64_t at, int64_t end, ZipFile::Member& member) {
  constexpr int64_t kElsewhere = std::numeric_limits<uint32_t>::max();
  while (at + 4 <= end) {
    const auto id = fields.Get<uint16_t>(at), size = fields.Get<uint16_t>(at + 2);
    int64_t value = at + 4;
    if (id == kZip64Extra)
      for (int64_t* field : {&member.size, &member.packed, &member.offset})
        if (*field == kElsewhere) {
          *field = fields.Get64(value);
          value += 8;
        }
    at += 4 + size;
  }
}

void CheckOverlap(const std::map<std::string, ZipFile::Member>& members, int64_t directory,
                  const std::string& where) {
  std::vector<std::pair<int64_t, int64_t>> ranges;  // the names between header and data are left out
  for (const auto& [name, member] : members)
    ranges.emplace_back(member.offset, member.offset + kLocalBytes + member.packed);
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 0; i < ranges.size(); ++i)
    if (ranges[i].second > (i + 1 < ranges.size() ? ranges[i + 1].first : directory))
      throw Error({.what = "members of the zip file overlap",
                   .where = where,
                   .got = fmt::format("one at byte {}", ranges[i].first),
                   .hint = "such files are made to fill memories, or damaged"});
}

std::string Inflate(std::span<const std::byte> packed, int64_t size, const std::string& where) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    throw Error({.what = "zlib could not start", .where = where});
  std::string content(static_cast<size_t>(size), '\0');
  char none = 0;  // for an empty member, which has no place of its own
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(size == 0 ? &none : content.data());
  stream.avail_out = static_cast<uInt>(size);
  const int status = inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!whole) throw Damaged(where, "a member that does not unpack to its size");
  return content;
}

}  // namespace

bool ZipFile::Is(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  char start[4] = {};
  std::ifstream(path, std::ios::binary).read(start, 4);
  return std::string_view(start, 2) == "PK" && (start[2] == 3 || start[2] == 5);  // 5: an empty archive
}

ZipFile::ZipFile(const std::filesystem::path& path) : where_(path.string()), file_(path) {
  const Fields fields(file_.bytes(), where_);
  const Directory directory = FindDirectory(fields, where_);
  int64_t at = directory.offset;
  for (int64_t i = 0; i < directory.members; ++i) {
    fields.Part(at, kCentralBytes);
    if (fields.Get<uint32_t>(at) != kCentralHeader) throw Damaged(where_, "no entry where one should be");
    const int64_t name_bytes = fields.Get<uint16_t>(at + 28), extra_bytes = fields.Get<uint16_t>(at + 30),
                  comment_bytes = fields.Get<uint16_t>(at + 32);
    Member member{.offset = fields.Get<uint32_t>(at + 42),
                  .packed = fields.Get<uint32_t>(at + 20),
                  .size = fields.Get<uint32_t>(at + 24),
                  .crc = fields.Get<uint32_t>(at + 16),
                  .method = fields.Get<uint16_t>(at + 10),
                  .encrypted = (fields.Get<uint16_t>(at + 8) & 1) != 0};
    const auto name = fields.Part(at + kCentralBytes, name_bytes);
    const int64_t extra = at + kCentralBytes + name_bytes;
    ReadZip64(fields, extra, extra + extra_bytes, member);
    at = extra + extra_bytes + comment_bytes;
    const std::string text(reinterpret_cast<const char*>(name.data()), name.size());
    if (!text.ends_with('/')) members_[text] = member;
  }
  CheckOverlap(members_, directory.offset, where_);
}

std::string ZipFile::Read(const std::string& name, int64_t most_bytes) const {
  const std::string where = where_ + "/" + name;
  const auto found = members_.find(name);
  if (found == members_.end()) throw Error({.what = "no such file in the archive", .where = where});
  const Member& member = found->second;
  if (member.encrypted)
    throw Error({.what = "an encrypted member of a zip file", .where = where, .hint = "decrypt it first"});
  if (member.method != kStored && member.method != kDeflated)
    throw Error({.what = "a compression that is not read",
                 .where = where,
                 .expected = "stored (0) or deflated (8)",
                 .got = std::to_string(member.method)});
  most_bytes = std::min<int64_t>(most_bytes, std::numeric_limits<uInt>::max());
  if (member.size > most_bytes || member.packed > most_bytes)
    throw Error({.what = "a member that unpacks to more than it should",
                 .where = where,
                 .expected = fmt::format("at most {} bytes", most_bytes),
                 .got = fmt::format("{}", std::max(member.size, member.packed))});
  if (member.size > (member.packed + 1) * kMostPacking)
    throw Damaged(where, fmt::format("{} bytes packed into {}", member.size, member.packed));
  const Fields fields(file_.bytes(), where);
  if (fields.Get<uint32_t>(member.offset) != kLocalHeader) throw Damaged(where, "no member at its place");
  const int64_t data = member.offset + kLocalBytes + fields.Get<uint16_t>(member.offset + 26) +
                       fields.Get<uint16_t>(member.offset + 28);
  const auto packed = fields.Part(data, member.packed);
  std::string content;
  if (member.method == kDeflated)
    content = Inflate(packed, member.size, where);
  else if (member.packed == member.size)
    content.assign(reinterpret_cast<const char*>(packed.data()), packed.size());
  else
    throw Damaged(where, "a stored member of two sizes");
  const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
  if (crc32(crc32(0, nullptr, 0), bytes, static_cast<uInt>(content.size())) != member.crc)
    throw Damaged(where, "a wrong checksum");
  return content;
}

}  // namespace murine
