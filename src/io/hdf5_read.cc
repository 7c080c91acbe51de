// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/memory_need.h"
#include "io/hdf5.h"
#include "io/hdf5_handle.h"

namespace murine {

using hdf5_internal::Check;
using hdf5_internal::Handle;
using hdf5_internal::NativeType;

namespace {

std::vector<int64_t> ShapeOf(hid_t dataset, const std::string& where) {
  const Handle space(H5Dget_space(dataset), H5Sclose, "unreadable dataspace", where);
  const int axes = H5Sget_simple_extent_ndims(space);
  // A null dataspace counts no axes, as a scalar does, but holds no value.
  if (axes < 0 || H5Sget_simple_extent_type(space) == H5S_NULL)
    throw Error({.what = "dataset without a shape", .where = where});
  std::vector<hsize_t> sizes(static_cast<size_t>(axes));
  H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
  return {sizes.begin(), sizes.end()};
}

// Deflate packs at most 1032 to 1, and nothing is stored outside the file: more items than that cannot be
// there, whatever a damaged header says.
void CheckStorage(hid_t dataset, int64_t count, size_t item, const std::string& where) {
  constexpr int64_t kMostPacking = 1100, kSmall = 1 << 20;
  hsize_t file_bytes = 0;
  const Handle file(H5Iget_file_id(dataset), H5Fclose, "unreadable file", where);
  Check(H5Fget_filesize(file, &file_bytes), "unreadable file", where);
  const auto stored = static_cast<int64_t>(std::min<hsize_t>(H5Dget_storage_size(dataset), file_bytes));
  const auto most = std::max(kSmall, stored * kMostPacking) / static_cast<int64_t>(item);
  if (count > most)
    throw Error({.what = "dataset larger than what the file holds",
                 .where = where,
                 .expected = fmt::format("at most {} values", most),
                 .got = std::to_string(count),
                 .hint = "the file is truncated or was never filled"});
}

// Types with padding bits, or of sizes that no machine has, run over HDF5 1.10's own buffers when converted.
bool IsPlainNumber(hid_t type) {
  const size_t size = H5Tget_size(type);
  const H5T_order_t order = H5Tget_order(type);
  if (size > 8 || H5Tget_offset(type) != 0 || H5Tget_precision(type) != 8 * size) return false;
  if (order != H5T_ORDER_LE && order != H5T_ORDER_BE) return false;
  if (H5Tget_class(type) == H5T_INTEGER) return size == 1 || size == 2 || size == 4 || size == 8;
  size_t sign = 0, exponent_at = 0, exponent = 0, mantissa_at = 0, mantissa = 0;
  H5Tget_fields(type, &sign, &exponent_at, &exponent, &mantissa_at, &mantissa);
  return sign == 8 * size - 1 && mantissa_at == 0 && exponent_at == mantissa &&
         mantissa + exponent + 1 == 8 * size;
}

template <class T>
void ReadAs(hid_t dataset, std::span<T> values, const std::string& where) {
  Check(H5Dread(dataset, NativeType<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
        "cannot read the dataset", where);
}

// HDF5 of itself turns NaN and 0.5 into 0, and 300 into the 255 of a byte, without a word.
template <class From, class To>
void ReadWhole(hid_t dataset, std::span<To> values, const std::string& where) {
  using Limits = std::numeric_limits<To>;
  std::vector<From> stored(values.size());
  ReadAs<From>(dataset, stored, where);
  for (size_t i = 0; i < stored.size(); ++i) {
    bool fits = false;
    if constexpr (std::is_integral_v<From>)
      fits = std::in_range<To>(stored[i]);
    else
      fits = stored[i] == std::floor(stored[i]) && stored[i] >= static_cast<From>(Limits::lowest()) &&
             stored[i] < std::ldexp(From{1}, Limits::digits);
    if (!fits)
      throw Error({.what = "value that does not fit",
                   .where = fmt::format("{}, item {}", where, i),
                   .expected = fmt::format("a whole number from {} to {}", +Limits::lowest(), +Limits::max()),
                   .got = fmt::format("{}", stored[i])});
    values[i] = static_cast<To>(stored[i]);
  }
}

}  // namespace

bool Hdf5File::Has(const std::string& name) const {
  for (size_t slash = name.find('/', 1);; slash = name.find('/', slash + 1)) {
    if (H5Lexists(file_, name.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
    if (slash == std::string::npos) return true;
  }
}

std::vector<std::string> Hdf5File::List(const std::string& group) const {
  std::vector<std::string> names;
  if (!Has(group)) return names;
  const Handle opened(H5Gopen2(file_, group.c_str(), H5P_DEFAULT), H5Gclose, "not a group",
                      path_.string() + group);
  H5Literate(
      opened, H5_INDEX_NAME, H5_ITER_INC, nullptr,
      [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
      },
      &names);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int64_t> Hdf5File::Shape(const std::string& name) const {
  const std::string where = path_.string() + ", " + name;
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose, "no such dataset", where);
  return ShapeOf(dataset, where);
}

bool Hdf5File::IsText(const std::string& name) const {
  const std::string where = path_.string() + ", " + name;
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose, "no such dataset", where);
  const Handle type(H5Dget_type(dataset), H5Tclose, "unreadable type", where);
  return H5Tget_class(type) == H5T_STRING;
}

template <class T>
NdArray<T> Hdf5File::Read(const std::string& name) const {
  const std::string where = path_.string() + ", " + name;
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose, "no such dataset", where);
  const Handle type(H5Dget_type(dataset), H5Tclose, "unreadable type", where);
  const H5T_class_t kind = H5Tget_class(type);
  if ((kind != H5T_FLOAT && kind != H5T_INTEGER) || !IsPlainNumber(type))
    throw Error({.what = "dataset of another type", .where = where, .expected = "numbers"});
  NdArray<T> array{ShapeOf(dataset, where), {}};
  const int64_t count = CountOf(array.shape, where);
  CheckStorage(dataset, count, std::max(sizeof(T), H5Tget_size(type)), where);
  RequireMemory("the dataset in " + where, count * static_cast<int64_t>(sizeof(T)), "a smaller recording");
  array.values.resize(static_cast<size_t>(count));
  const auto data = std::span(array.values);
  if constexpr (!std::is_integral_v<T>)
    ReadAs<T>(dataset, data, where);
  else if (kind == H5T_FLOAT)
    ReadWhole<double>(dataset, data, where);
  else if (H5Tget_sign(type) == H5T_SGN_NONE)
    ReadWhole<uint64_t>(dataset, data, where);
  else
    ReadWhole<int64_t>(dataset, data, where);
  return array;
}

std::vector<std::string> Hdf5File::ReadStrings(const std::string& name) const {
  const std::string where = path_.string() + ", " + name;
  const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose, "no such dataset", where);
  const Handle type(H5Dget_type(dataset), H5Tclose, "unreadable type", where);
  if (H5Tget_class(type) != H5T_STRING)
    throw Error({.what = "dataset of another type", .where = where, .expected = "strings"});
  const auto count = static_cast<size_t>(CountOf(ShapeOf(dataset, where), where));
  CheckStorage(dataset, static_cast<int64_t>(count), H5Tget_size(type), where);
  std::vector<std::string> strings(count);
  if (H5Tis_variable_str(type) > 0) {
    const Handle space(H5Dget_space(dataset), H5Sclose, "unreadable dataspace", where);
    const Handle memory(H5Tcopy(type), H5Tclose, "unreadable type", where);
    std::vector<char*> pointers(count, nullptr);
    Check(H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), "cannot read the dataset",
          where);
    for (size_t i = 0; i < count; ++i) strings[i] = pointers[i] == nullptr ? "" : pointers[i];
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, pointers.data());
    return strings;
  }
  const size_t width = H5Tget_size(type);
  std::string bytes(count * width, '\0');
  Check(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), "cannot read the dataset",
        where);
  for (size_t i = 0; i < count; ++i)
    strings[i] = std::string(bytes.data() + i * width, strnlen(bytes.data() + i * width, width));
  return strings;
}

std::string Hdf5File::Attribute(const std::string& name) const {
  if (H5Aexists(file_, name.c_str()) <= 0) return {};
  const std::string where = path_.string() + ", attribute " + name;
  const Handle attribute(H5Aopen(file_, name.c_str(), H5P_DEFAULT), H5Aclose, "cannot read", where);
  const Handle type(H5Aget_type(attribute), H5Tclose, "unreadable type", where);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0)
    throw Error(
        {.what = "attribute of another type", .where = where, .expected = "a string of fixed length"});
  std::string value(H5Tget_size(type), '\0');
  Check(H5Aread(attribute, type, value.data()), "cannot read", where);
  return value.substr(0, value.find('\0'));
}

#define MURINE_HDF5(T) template NdArray<T> Hdf5File::Read<T>(const std::string&) const;
MURINE_HDF5(float)
MURINE_HDF5(double)
MURINE_HDF5(int32_t)
MURINE_HDF5(int64_t)
MURINE_HDF5(uint8_t)
#undef MURINE_HDF5

}  // namespace murine
