// SPDX-License-Identifier: Apache-2.0
#include "io/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/memory_need.h"
#include "io/integrity.h"

namespace murine {
namespace {

template <class T>
T Load(const std::byte* from, bool swapped) {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), from, sizeof(T));
  if (swapped) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

float FromHalf(uint16_t half) {
  const int exponent = half >> 10 & 31, mantissa = half & 1023;
  const float sign = half >> 15 ? -1.f : 1.f;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  if (exponent == 31)
    return mantissa ? std::numeric_limits<float>::quiet_NaN() : sign * std::numeric_limits<float>::infinity();
  return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

template <class To, class From>
To Convert(From value, int64_t index, const std::string& where) {
  const auto refuse = [&] {
    using Limits = std::numeric_limits<To>;
    return Error({.what = "value that does not fit",
                  .where = fmt::format("{}, item {}", where, index),
                  .expected = fmt::format("a {}number from {} to {}", Limits::is_integer ? "whole " : "",
                                          +Limits::lowest(), +Limits::max()),
                  .got = fmt::format("{}", value)});
  };
  if constexpr (std::is_floating_point_v<To>) {
    const To converted = static_cast<To>(value);
    if constexpr (std::is_floating_point_v<From>)
      if (std::isinf(converted) && !std::isinf(value)) throw refuse();
    return converted;
  } else {
    if constexpr (std::is_floating_point_v<From>) {
      if (!(std::abs(value) < From(9e18)) || value != std::floor(value)) throw refuse();
      return Convert<To>(static_cast<int64_t>(value), index, where);
    } else {
      if (!std::in_range<To>(value)) throw refuse();
      return static_cast<To>(value);
    }
  }
}

// Position in C order of the k-th item in Fortran order.
int64_t COrderIndex(int64_t k, const std::vector<int64_t>& shape) {
  int64_t index = 0, stride = 1;
  for (const int64_t size : shape) stride *= size;
  for (const int64_t size : shape) {
    stride /= size;
    index += k % size * stride;
    k /= size;
  }
  return index;
}

template <class To, class From>
void ConvertAll(std::span<const std::byte> data, bool swapped, const NpyHeader& header,
                const std::string& where, std::vector<To>& values) {
  const bool reorder = header.fortran_order && header.shape.size() > 1;
  for (int64_t i = 0; i < static_cast<int64_t>(values.size()); ++i) {
    const From value = Load<From>(data.data() + static_cast<size_t>(i) * sizeof(From), swapped);
    values[reorder ? COrderIndex(i, header.shape) : i] = Convert<To>(value, i, where);
  }
}

void AppendUtf8(uint32_t code, std::string& text) {
  const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xF0 | (code >> 18 & 7));
    put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  }
}

// Bytes that are no UTF-8 stand for themselves, as in Latin-1: names are not worth a failure.
std::vector<uint32_t> FromUtf8(std::string_view text) {
  std::vector<uint32_t> codes;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<uint8_t>(text[i]);
    const size_t more = first >= 0xF0 && first < 0xF5 ? 3 : first >= 0xE0 ? 2 : first >= 0xC2 ? 1 : 0;
    uint32_t code = more == 0 ? first : first & (0x3Fu >> more);
    bool whole = more > 0 && first < 0xF5 && i + more < text.size();
    for (size_t k = 1; whole && k <= more; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      whole = (next & 0xC0) == 0x80;
      code = code << 6 | (next & 0x3F);
    }
    codes.push_back(whole ? code : first);
    if (whole) i += more;
  }
  return codes;
}

void CheckCount(const std::vector<int64_t>& shape, size_t values, const std::string& where) {
  if (CountOf(shape, where) != static_cast<int64_t>(values))
    throw Error({.what = "shape and values differ",
                 .where = where,
                 .expected = FormatShape(shape),
                 .got = fmt::format("{} values", values)});
}

template <class T>
const char* DtypeOf() {
  if constexpr (std::is_same_v<T, float>) return "<f4";
  if constexpr (std::is_same_v<T, double>) return "<f8";
  if constexpr (std::is_same_v<T, int32_t>) return "<i4";
  if constexpr (std::is_same_v<T, int64_t>) return "<i8";
  if constexpr (std::is_same_v<T, uint8_t>) return "|u1";
}

}  // namespace

template <class T>
NdArray<T> ParseNpy(std::span<const std::byte> bytes, const std::string& where) {
  const NpyHeader header = ParseNpyHeader(bytes, where);
  const auto data = bytes.subspan(static_cast<size_t>(header.data_offset));
  const bool swapped = header.dtype[0] == '>';
  const std::string kind = header.dtype.substr(1);
  RequireMemory("the array in " + where, CountOf(header.shape, where) * static_cast<int64_t>(sizeof(T)),
                "a smaller array");
  NdArray<T> array{header.shape, std::vector<T>(static_cast<size_t>(CountOf(header.shape, where)))};
  if (kind == "f2") {
    std::vector<uint16_t> halves(array.values.size());
    ConvertAll<uint16_t, uint16_t>(data, swapped, header, where, halves);
    for (size_t i = 0; i < halves.size(); ++i)
      array.values[i] = Convert<T>(FromHalf(halves[i]), static_cast<int64_t>(i), where);
  } else if (kind == "f4") {
    ConvertAll<T, float>(data, swapped, header, where, array.values);
  } else if (kind == "f8") {
    ConvertAll<T, double>(data, swapped, header, where, array.values);
  } else if (kind == "i1") {
    ConvertAll<T, int8_t>(data, swapped, header, where, array.values);
  } else if (kind == "i2") {
    ConvertAll<T, int16_t>(data, swapped, header, where, array.values);
  } else if (kind == "i4") {
    ConvertAll<T, int32_t>(data, swapped, header, where, array.values);
  } else if (kind == "i8") {
    ConvertAll<T, int64_t>(data, swapped, header, where, array.values);
  } else if (kind == "u1" || kind == "b1") {
    ConvertAll<T, uint8_t>(data, swapped, header, where, array.values);
  } else if (kind == "u2") {
    ConvertAll<T, uint16_t>(data, swapped, header, where, array.values);
  } else if (kind == "u4") {
    ConvertAll<T, uint32_t>(data, swapped, header, where, array.values);
  } else if (kind == "u8") {
    ConvertAll<T, uint64_t>(data, swapped, header, where, array.values);
  } else {
    throw Error({.what = "an array of numbers is wanted", .where = where, .got = "dtype " + header.dtype});
  }
  return array;
}

template <class T>
NdArray<T> ReadNpy(const std::filesystem::path& path) {
  CheckIfDescribed(path);
  const MappedFile file(path);
  return ParseNpy<T>(file.bytes(), path.string());
}

NdArray<std::string> ReadNpyStrings(const std::filesystem::path& path) {
  const MappedFile file(path);
  return ParseNpyStrings(file.bytes(), path.string());
}

NdArray<std::string> ParseNpyStrings(std::span<const std::byte> bytes, const std::string& where) {
  const NpyHeader header = ParseNpyHeader(bytes, where);
  const char kind = header.dtype[1];
  if (kind != 'U' && kind != 'S')
    throw Error({.what = "an array of strings is wanted", .where = where, .got = "dtype " + header.dtype});
  const auto length = static_cast<size_t>(std::stoll(header.dtype.substr(2)));
  const size_t item = kind == 'U' ? 4 * length : length;
  NdArray<std::string> array{header.shape,
                             std::vector<std::string>(static_cast<size_t>(CountOf(header.shape, where)))};
  const bool reorder = header.fortran_order && header.shape.size() > 1;
  for (size_t i = 0; i < array.values.size(); ++i) {
    const std::byte* data = bytes.data() + static_cast<size_t>(header.data_offset) + i * item;
    std::string& value = array.values[reorder ? COrderIndex(static_cast<int64_t>(i), header.shape) : i];
    for (size_t k = 0; k < length; ++k) {
      const uint32_t code =
          kind == 'U' ? Load<uint32_t>(data + 4 * k, header.dtype[0] == '>') : static_cast<uint32_t>(data[k]);
      if (code == 0) break;
      if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        throw Error({.what = "not a Unicode character", .where = where});
      if (kind == 'U')
        AppendUtf8(code, value);
      else
        value += static_cast<char>(code);
    }
  }
  return array;
}

template <class T>
void WriteNpy(const std::filesystem::path& path, const std::vector<int64_t>& shape,
              std::span<const T> values) {
  CheckCount(shape, values.size(), path.string());
  AtomicFile file(path);
  file.Write(FormatNpyHeader(DtypeOf<T>(), shape));
  file.Write(std::as_bytes(values));
  file.Commit();
}

template <class T>
std::string FormatNpy(const std::vector<int64_t>& shape, std::span<const T> values) {
  CheckCount(shape, values.size(), "an array to write");
  std::string text = FormatNpyHeader(DtypeOf<T>(), shape);
  return text.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

std::string FormatNpyStrings(const std::vector<std::string>& values) {
  std::vector<std::vector<uint32_t>> texts;
  size_t longest = 1;  // <U0 is read by nobody
  for (const std::string& value : values) {
    texts.push_back(FromUtf8(value));
    longest = std::max(longest, texts.back().size());
  }
  std::string text = FormatNpyHeader(fmt::format("<U{}", longest), {static_cast<int64_t>(values.size())});
  for (std::vector<uint32_t>& codes : texts) {
    codes.resize(longest, 0);
    text.append(reinterpret_cast<const char*>(codes.data()), longest * sizeof(uint32_t));
  }
  return text;
}

MappedNpy::MappedNpy(const std::filesystem::path& path) : file_(path) {
  const NpyHeader header = ParseNpyHeader(file_.bytes(), path.string());
  if (header.dtype != "<f4" || header.shape.size() != 2 || header.fortran_order)
    throw Error({.what = "not a matrix that can stay on disk",
                 .where = path.string(),
                 .expected = "two axes, dtype <f4, C order",
                 .got = FormatShape(header.shape) + ", dtype " + header.dtype});
  if (header.data_offset % sizeof(float) != 0)
    throw Error(
        {.what = "npy data is not aligned", .where = path.string(), .hint = "save it again with NumPy"});
  rows_ = header.shape[0];
  columns_ = header.shape[1];
  values_ = reinterpret_cast<const float*>(file_.bytes().data() + header.data_offset);
}

std::span<const float> MappedNpy::row(int64_t i) const {
  return {values_ + i * columns_, static_cast<size_t>(columns_)};
}

#define MURINE_NPY(T)                                                                 \
  template NdArray<T> ParseNpy<T>(std::span<const std::byte>, const std::string&);    \
  template NdArray<T> ReadNpy<T>(const std::filesystem::path&);                       \
  template std::string FormatNpy<T>(const std::vector<int64_t>&, std::span<const T>); \
  template void WriteNpy<T>(const std::filesystem::path&, const std::vector<int64_t>&, std::span<const T>);
MURINE_NPY(float)
MURINE_NPY(double)
MURINE_NPY(int32_t)
MURINE_NPY(int64_t)
MURINE_NPY(uint8_t)
#undef MURINE_NPY

}  // namespace murine
