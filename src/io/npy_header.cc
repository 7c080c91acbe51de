// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "io/npy.h"

namespace murine {
namespace {

// A reader of the Python dictionary in the header: string keys, and strings, booleans or tuples of integers
// as values.
class DictionaryReader {
 public:
  DictionaryReader(std::string_view text, std::string where) : text_(text), where_(std::move(where)) {}

  void Read(NpyHeader& header) {
    bool dtype = false, order = false, shape = false;
    Expect('{');
    while (!Accept('}')) {
      const std::string key = String();
      Expect(':');
      if (key == "descr") {
        if (Peek() != '\'' && Peek() != '"')
          Throw("structured dtypes are not read", "one plain dtype for the whole array");
        header.dtype = String();
        dtype = true;
      } else if (key == "fortran_order") {
        header.fortran_order = Boolean();
        order = true;
      } else if (key == "shape") {
        header.shape = Tuple();
        shape = true;
      } else {
        Throw("unknown key '" + key + "' in the npy header", "descr, fortran_order, shape");
      }
      Accept(',');
    }
    if (!dtype || !order || !shape) Throw("incomplete npy header", "descr, fortran_order and shape");
  }

 private:
  [[noreturn]] void Throw(const std::string& what, const std::string& expected) const {
    throw Error({.what = what, .where = where_, .expected = expected});
  }
  void SkipSpace() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) text_.remove_prefix(1);
  }
  char Peek() {
    SkipSpace();
    return text_.empty() ? '\0' : text_[0];
  }
  bool Accept(char c) {
    if (Peek() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void Expect(char c) {
    if (!Accept(c)) Throw("malformed npy header", fmt::format("'{}'", c));
  }
  std::string String() {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') Throw("malformed npy header", "a quoted string");
    const size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) Throw("malformed npy header", "the end of a string");
    std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return value;
  }
  bool Boolean() {
    SkipSpace();
    for (const auto& [name, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}})
      if (text_.starts_with(name)) {
        text_.remove_prefix(name.size());
        return value;
      }
    Throw("malformed npy header", "True or False");
  }
  std::vector<int64_t> Tuple() {
    std::vector<int64_t> sizes;
    Expect('(');
    while (!Accept(')')) {
      SkipSpace();
      int64_t size = 0;
      const auto [end, fault] = std::from_chars(text_.data(), text_.data() + text_.size(), size);
      if (fault != std::errc() || size < 0) Throw("malformed npy header", "sizes of at least 0");
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      Accept('L');  // written by Python 2
      sizes.push_back(size);
      Accept(',');
    }
    return sizes;
  }

  std::string_view text_;
  std::string where_;
};

int64_t ItemSize(const std::string& dtype, const std::string& where) {
  int64_t size = 0;
  const bool sized = dtype.size() >= 3 && std::string_view("<>|=").find(dtype[0]) != std::string_view::npos &&
                     std::from_chars(dtype.data() + 2, dtype.data() + dtype.size(), size).ec == std::errc();
  if (dtype.size() >= 2 && dtype[1] == 'O')
    throw Error({.what = "an array of Python objects, which would have to be unpickled",
                 .where = where,
                 .got = "dtype " + dtype,
                 .hint = "save it with a plain dtype, such as array.astype('float32')"});
  constexpr int64_t kLargestItem = 1 << 24;
  if (!sized || size < 1 || size > kLargestItem ||  // items of no bytes fit in any number
      std::string_view("fiubUS").find(dtype[1]) == std::string_view::npos)
    throw Error({.what = "dtype that is not read",
                 .where = where,
                 .expected = "float, integer, bool or string",
                 .got = dtype});
  return dtype[1] == 'U' ? 4 * size : size;
}

}  // namespace

NpyHeader ParseNpyHeader(std::span<const std::byte> bytes, const std::string& where) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with("\x93NUMPY"))
    throw Error({.what = "not an npy file", .where = where, .expected = "\\x93NUMPY at its start"});
  const auto truncated = [&] { return Error({.what = "truncated npy header", .where = where}); };
  if (text.size() < 10) throw truncated();
  const int version = static_cast<uint8_t>(text[6]);
  if (version < 1 || version > 3)
    throw Error(
        {.what = "npy version", .where = where, .expected = "1 to 3", .got = std::to_string(version)});
  const size_t length_bytes = version == 1 ? 2 : 4, start = 8 + length_bytes;
  if (text.size() < start) throw truncated();
  uint32_t length = 0;  // little endian, as is every machine murine runs on
  std::memcpy(&length, text.data() + 8, length_bytes);
  if (text.size() - start < length) throw truncated();
  NpyHeader header;
  DictionaryReader(text.substr(start, length), where).Read(header);
  header.data_offset = static_cast<int64_t>(start + length);
  const int64_t item = ItemSize(header.dtype, where), count = CountOf(header.shape, where);
  const int64_t left = static_cast<int64_t>(text.size()) - header.data_offset;
  if (count > left / item || count * item != left)
    throw Error(
        {.what = "file size and header differ",
         .where = where,
         .expected = fmt::format("{} items of {} bytes for shape {}", count, item, FormatShape(header.shape)),
         .got = fmt::format("{} bytes", left),
         .hint = "the file is truncated or damaged"});
  return header;
}

std::string FormatNpyHeader(const std::string& dtype, const std::vector<int64_t>& shape) {
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", dtype, FormatShape(shape));
  const size_t whole = (10 + text.size() + 1 + 63) / 64 * 64;
  text.resize(whole - 11, ' ');
  text += '\n';
  const auto length = static_cast<uint16_t>(text.size());
  std::string header = "\x93NUMPY\x01";
  header += '\0';
  header += static_cast<char>(length & 255);
  header += static_cast<char>(length >> 8);
  return header + text;
}

}  // namespace murine
