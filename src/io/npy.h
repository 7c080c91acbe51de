// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/file.h"
#include "io/ndarray.h"

namespace murine {

// NumPy's .npy format, versions 1.0 to 3.0. Reads <f2 <f4 <f8, every integer, bool, either byte order, C or
// Fortran order, and converts to T; strings (<U, |S) by ReadNpyStrings. Never unpickles: |O is an error that
// says so.
struct NpyHeader {
  std::string dtype;  // "<f4"
  bool fortran_order = false;
  std::vector<int64_t> shape;
  int64_t data_offset = 0;  // bytes
};
// `bytes` is the whole file; its size is checked against the header.
NpyHeader ParseNpyHeader(std::span<const std::byte> bytes, const std::string& where);

// T: float, double, int32_t, int64_t, uint8_t. Values that T cannot hold (300 in uint8_t, 0.5 in int64_t) are
// an error.
template <class T>
NdArray<T> ReadNpy(const std::filesystem::path& path);
NdArray<std::string> ReadNpyStrings(const std::filesystem::path& path);

// The same from memory, for members of an archive.
template <class T>
NdArray<T> ParseNpy(std::span<const std::byte> bytes, const std::string& where);
NdArray<std::string> ParseNpyStrings(std::span<const std::byte> bytes, const std::string& where);

// Version 1.0, little endian, C order. T: float, double, int32_t, int64_t, uint8_t.
template <class T>
void WriteNpy(const std::filesystem::path& path, const std::vector<int64_t>& shape,
              std::span<const T> values);
// The bytes of such a file.
template <class T>
std::string FormatNpy(const std::vector<int64_t>& shape, std::span<const T> values);
// One axis of UTF-8 texts, dtype <U.
std::string FormatNpyStrings(const std::vector<std::string>& values);

// The 64-byte-padded header alone, for files that are written in pieces. `dtype` as in NpyHeader.
std::string FormatNpyHeader(const std::string& dtype, const std::vector<int64_t>& shape);

// A C-order <f4 matrix that stays on disk: rows are read as they are asked for.
class MappedNpy {
 public:
  explicit MappedNpy(const std::filesystem::path& path);  // two axes, <f4, C order, else Error
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  std::span<const float> row(int64_t i) const;

 private:
  MappedFile file_;
  int64_t rows_, columns_;
  const float* values_;
};

}  // namespace murine
