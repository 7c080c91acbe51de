// SPDX-License-Identifier: Apache-2.0
#include "io/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "base/options.h"
#include "io/file.h"
#include "io/integrity.h"

namespace murine {
namespace {

// Written beside the hash: a file whose "sha256" has lost its name is a damaged one, not a foreign one.
constexpr std::string_view kHashKey = "sha256", kHashedKey = "hashed";
constexpr size_t kHashDigits = 64, kLengthBytes = 8, kLongestHeader = size_t{1} << 30;

int64_t DtypeSize(const std::string& dtype, const std::string& where) {
  for (const auto& [name, size] : std::initializer_list<std::pair<std::string_view, int64_t>>{{"F32", 4},
                                                                                              {"F64", 8},
                                                                                              {"I64", 8},
                                                                                              {"I32", 4},
                                                                                              {"I16", 2},
                                                                                              {"I8", 1},
                                                                                              {"U8", 1},
                                                                                              {"BOOL", 1},
                                                                                              {"BF16", 2},
                                                                                              {"F16", 2}})
    if (dtype == name) return size;
  throw Error({.what = "tensor type that is not read", .where = where, .got = dtype});
}

// Where the digits of the hash stand in the header's text; npos where there are none.
size_t HashPosition(std::string_view header, const std::string& hash) {
  const std::string before = fmt::format("\"{}\":\"", kHashKey);
  const size_t entry = header.find(before + hash + "\"");
  return entry == std::string_view::npos ? entry : entry + before.size();
}

std::string_view Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Parts {
  std::string_view header, data;
};

Parts Split(std::string_view content, const std::string& where) {
  uint64_t length = 0;
  if (content.size() >= kLengthBytes) std::memcpy(&length, content.data(), kLengthBytes);
  if (content.size() < kLengthBytes + 2 || length > content.size() - kLengthBytes || length > kLongestHeader)
    throw Error({.what = "not a safetensors file, or a truncated one",
                 .where = where,
                 .expected = "a header within the file",
                 .got = fmt::format("a header of {} bytes in a file of {}", length, content.size())});
  return {content.substr(kLengthBytes, length), content.substr(kLengthBytes + length)};
}

Json ParseHeader(std::string_view text, const std::string& where) {
  Json header = ParseJson(text, where);
  if (!header.is_object()) throw Error({.what = "malformed safetensors header", .where = where});
  return header;
}

std::map<std::string, std::string> Metadata(const Json& header, const std::string& where) {
  std::map<std::string, std::string> metadata;
  if (!header.contains("__metadata__")) return metadata;
  const Json& entries = header["__metadata__"];
  if (!entries.is_object()) throw Error({.what = "malformed safetensors metadata", .where = where});
  for (const auto& [key, value] : entries.items()) {
    if (!value.is_string())
      throw Error(
          {.what = "malformed safetensors metadata", .where = where + ", " + key, .expected = "a string"});
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

// {offset in the data, tensor without its bytes}
std::pair<std::pair<size_t, size_t>, StoredTensor> ParseTensor(const std::string& name, const Json& entry,
                                                               size_t size, const std::string& file) {
  const std::string where = file + ", tensor " + name;
  StoredTensor tensor;
  uint64_t begin = 0, end = 0;
  try {
    tensor.dtype = entry.at("dtype").get<std::string>();
    if (!entry.at("shape").is_array()) throw Error({.what = "shape"});
    for (const Json& axis : entry.at("shape")) {
      if (!axis.is_number_unsigned()) throw Error({.what = "size"});
      tensor.shape.push_back(axis.get<int64_t>());
    }
    const Json& offsets = entry.at("data_offsets");
    if (offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
      throw Error({.what = "offsets"});
    begin = offsets[0].get<uint64_t>();
    end = offsets[1].get<uint64_t>();
  } catch (const std::exception&) {
    throw Error({.what = "malformed safetensors entry",
                 .where = where,
                 .expected = "dtype, shape and data_offsets",
                 .got = entry.dump()});
  }
  const int64_t count = CountOf(tensor.shape, where), item = DtypeSize(tensor.dtype, where);
  if (begin > end || end > size)
    throw Error({.what = "tensor outside the file",
                 .where = where,
                 .expected = fmt::format("offsets within {} bytes", size),
                 .got = fmt::format("{} to {}", begin, end),
                 .hint = "the file is truncated or damaged"});
  if (count > static_cast<int64_t>(end - begin) || count * item != static_cast<int64_t>(end - begin))
    throw Error({.what = "tensor size and shape differ",
                 .where = where,
                 .expected = fmt::format("{} x {} bytes for {} {}", count, item, tensor.dtype,
                                         FormatShape(tensor.shape)),
                 .got = fmt::format("{}", end - begin)});
  return {{begin, end}, std::move(tensor)};
}

bool CheckHash(std::string_view content, std::string_view header,
               const std::map<std::string, std::string>& metadata, const std::string& where) {
  const auto stored = metadata.find(std::string(kHashKey));
  if (stored == metadata.end()) {
    if (metadata.contains(std::string(kHashedKey))) ThrowDamaged(where, "a hash", "none");
    SayUnhashed(where);
    return false;
  }
  const size_t position = HashPosition(header, stored->second);
  if (position == std::string_view::npos || stored->second.size() != kHashDigits)
    ThrowDamaged(where, "a hash of 64 digits", stored->second);
  const size_t at = kLengthBytes + position;
  const std::string hash = Sha256()
                               .Add(content.substr(0, at))
                               .Add(std::string(kHashDigits, '0'))
                               .Add(content.substr(at + kHashDigits))
                               .Hex();
  if (hash != stored->second) ThrowDamaged(where, stored->second, hash);
  return true;
}

}  // namespace

SafeTensors ReadSafeTensors(const std::filesystem::path& path) {
  const MappedFile file(path);
  return ParseSafeTensors(Text(file.bytes()), path.string());
}

SafeTensors ParseSafeTensors(std::string_view content, const std::string& where) {
  const Parts parts = Split(content, where);
  const Json header = ParseHeader(parts.header, where);
  SafeTensors result;
  result.metadata = Metadata(header, where);
  result.hashed = CheckHash(content, parts.header, result.metadata, where);
  std::vector<std::pair<size_t, size_t>> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    auto [range, tensor] = ParseTensor(name, entry, parts.data.size(), where);
    tensor.bytes = parts.data.substr(range.first, range.second - range.first);
    ranges.push_back(range);
    result.tensors[name] = std::move(tensor);
  }
  std::sort(ranges.begin(), ranges.end());
  size_t end = 0;
  for (const auto& range : ranges) {
    if (range.first != end)
      throw Error({.what = "tensors overlap or leave gaps", .where = where, .hint = "the file is damaged"});
    end = range.second;
  }
  if (end != parts.data.size())
    throw Error({.what = "bytes after the last tensor",
                 .where = where,
                 .expected = fmt::format("{} bytes of data", end),
                 .got = fmt::format("{}", parts.data.size())});
  return result;
}

std::map<std::string, std::string> ReadSafeTensorsMetadata(const std::filesystem::path& path) {
  const MappedFile file(path);
  return Metadata(ParseHeader(Split(Text(file.bytes()), path.string()).header, path.string()), path.string());
}

void WriteSafeTensors(const std::filesystem::path& path, const SafeTensors& content) {
  Json header = Json::object(), metadata = Json::object();
  const std::string no_hash(kHashDigits, '0');
  std::map<std::string, std::string> entries = content.metadata;
  entries[std::string(kHashedKey)] = "sha256, of the whole file with these digits as 0";
  entries[std::string(kHashKey)] = no_hash;
  for (const auto& [key, value] : entries) metadata[key] = value;
  header["__metadata__"] = metadata;
  size_t offset = 0;
  for (const auto& [name, tensor] : content.tensors) {
    header[name] = {{"dtype", tensor.dtype},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  const uint64_t length = text.size();
  const std::string_view length_bytes(reinterpret_cast<const char*>(&length), kLengthBytes);
  Sha256 hash;
  hash.Add(length_bytes).Add(text);
  for (const auto& [name, tensor] : content.tensors) hash.Add(tensor.bytes);
  text.replace(HashPosition(text, no_hash), kHashDigits, hash.Hex());
  AtomicFile file(path);
  file.Write(length_bytes);
  file.Write(text);
  for (const auto& [name, tensor] : content.tensors) file.Write(tensor.bytes);
  file.Commit();
}

NdArray<float> SafeTensors::Floats(const std::string& name, const std::string& where) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    std::vector<std::string> known;
    for (const auto& [each, tensor] : tensors) known.push_back(each);
    ThrowUnknownName("tensor", name, where, known);
  }
  const StoredTensor& tensor = found->second;
  if (tensor.dtype != "F32")
    throw Error({.what = "type of tensor " + name, .where = where, .expected = "F32", .got = tensor.dtype});
  NdArray<float> array{tensor.shape, std::vector<float>(tensor.bytes.size() / sizeof(float))};
  std::memcpy(array.values.data(), tensor.bytes.data(), tensor.bytes.size());
  return array;
}

void SafeTensors::Add(const std::string& name, const NdArray<float>& array) {
  tensors[name] = {"F32", array.shape, std::string(Text(std::as_bytes(std::span(array.values))))};
}

void SafeTensors::Add(const std::string& name, const NdArray<int64_t>& array) {
  tensors[name] = {"I64", array.shape, std::string(Text(std::as_bytes(std::span(array.values))))};
}

}  // namespace murine
