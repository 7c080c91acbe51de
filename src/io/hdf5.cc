// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "io/file.h"

namespace murine {
namespace {

// The innermost message of HDF5's error stack.
std::string LastMessage() {
  std::string message;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned n, const H5E_error2_t* error, void* out) -> herr_t {
        if (n == 0) *static_cast<std::string*>(out) = error->desc == nullptr ? "" : error->desc;
        return 0;
      },
      &message);
  return message;
}

// An HDF5 identifier that closes itself.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what, const std::string& where)
      : id_(id), close_(close) {
    if (id < 0) throw Error({.what = what, .where = where, .got = LastMessage()});
  }
  ~Handle() { close_(id_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

void Check(herr_t status, const std::string& what, const std::string& where) {
  if (status < 0)
    throw Error({.what = what,
                 .where = where,
                 .got = LastMessage(),
                 .hint = "the file may be damaged or the disk full"});
}

template <class T>
hid_t NativeType() {
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::is_same_v<T, int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, uint8_t>) return H5T_NATIVE_UINT8;
}

// Murine's errors carry the message; the library's own printing would double it.
void Silence() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

std::vector<int64_t> ShapeOf(hid_t dataset, const std::string& where) {
  const Handle space(H5Dget_space(dataset), H5Sclose, "unreadable dataspace", where);
  const int axes = H5Sget_simple_extent_ndims(space);
  if (axes < 0) throw Error({.what = "dataset without a shape", .where = where});
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

void MakeParents(hid_t file, const std::string& name, const std::string& where) {
  for (size_t slash = name.find('/', 1); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    const std::string group = name.substr(0, slash);
    if (H5Lexists(file, group.c_str(), H5P_DEFAULT) > 0) continue;
    const Handle plist(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "cannot make a group", where);
    H5Pset_obj_track_times(plist, 0);
    const Handle made(H5Gcreate2(file, group.c_str(), H5P_DEFAULT, plist, H5P_DEFAULT), H5Gclose,
                      "cannot make a group", where);
  }
}

void WriteDataset(hid_t file, const std::string& name, const std::vector<int64_t>& shape, hid_t type,
                  size_t item, const void* data, const std::string& where) {
  MakeParents(file, name, where);
  const std::vector<hsize_t> sizes(shape.begin(), shape.end());
  const Handle space(sizes.empty() ? H5Screate(H5S_SCALAR)
                                   : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
                     H5Sclose, "cannot make a dataspace", where);
  const Handle plist(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "cannot make a dataset", where);
  H5Pset_obj_track_times(plist, 0);
  constexpr int64_t kLarge = 1 << 16;
  const int64_t bytes = CountOf(shape, where) * static_cast<int64_t>(item);
  if (bytes > kLarge) {
    std::vector<hsize_t> chunk = sizes;
    const int64_t row = std::max<int64_t>(1, bytes / shape[0]);
    chunk[0] = static_cast<hsize_t>(std::clamp<int64_t>((kLarge << 2) / row, 1, shape[0]));
    H5Pset_chunk(plist, static_cast<int>(chunk.size()), chunk.data());
    H5Pset_shuffle(plist);
    H5Pset_deflate(plist, 4);
  }
  const Handle dataset(H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, plist, H5P_DEFAULT), H5Dclose,
                       "cannot make a dataset", where);
  Check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "cannot write a dataset", where);
}

}  // namespace

Hdf5File::Hdf5File(std::filesystem::path path, std::filesystem::path unfinished, hid_t file)
    : path_(std::move(path)), unfinished_(std::move(unfinished)), file_(file) {}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept
    : path_(std::move(other.path_)),
      unfinished_(std::exchange(other.unfinished_, {})),
      file_(std::exchange(other.file_, -1)) {}

Hdf5File::~Hdf5File() {
  if (file_ >= 0) H5Fclose(file_);
  if (!unfinished_.empty()) unlink(unfinished_.c_str());
}

Hdf5File Hdf5File::Open(const std::filesystem::path& path) {
  Silence();
  if (!std::filesystem::is_regular_file(path)) ReadFile(path);  // says what is there instead
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0)
    throw Error({.what = "not an HDF5 file, or a truncated one",
                 .where = path.string(),
                 .got = LastMessage(),
                 .hint = "get it again, or make it again with `murine simulate` or `murine import`"});
  return Hdf5File(path, {}, file);
}

Hdf5File Hdf5File::Create(const std::filesystem::path& path) {
  Silence();
  const std::filesystem::path unfinished = path.string() + fmt::format(".unfinished-{}", getpid());
  std::error_code ignored;  // shows when the file is made
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  const Handle plist(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "cannot write", path.string());
  H5Pset_obj_track_times(plist, 0);
  const hid_t file = H5Fcreate(unfinished.c_str(), H5F_ACC_TRUNC, plist, H5P_DEFAULT);
  if (file < 0) throw Error({.what = "cannot write", .where = path.string(), .got = LastMessage()});
  return Hdf5File(path, unfinished, file);
}

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
  array.values.resize(static_cast<size_t>(count));
  Check(H5Dread(dataset, NativeType<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()),
        "cannot read the dataset", where);
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

template <class T>
void Hdf5File::Write(const std::string& name, const std::vector<int64_t>& shape, std::span<const T> values) {
  const std::string where = path_.string() + ", " + name;
  if (CountOf(shape, where) != static_cast<int64_t>(values.size()))
    throw Error({.what = "shape and values differ",
                 .where = where,
                 .expected = FormatShape(shape),
                 .got = fmt::format("{} values", values.size())});
  WriteDataset(file_, name, shape, NativeType<T>(), sizeof(T), values.data(), where);
}

void Hdf5File::WriteStrings(const std::string& name, const std::vector<std::string>& values) {
  const std::string where = path_.string() + ", " + name;
  size_t width = 1;
  for (const std::string& value : values) width = std::max(width, value.size());
  std::string bytes;
  for (const std::string& value : values) bytes += value + std::string(width - value.size(), '\0');
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "cannot make a type", where);
  H5Tset_size(type, width);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  WriteDataset(file_, name, {static_cast<int64_t>(values.size())}, type, width, bytes.data(), where);
}

void Hdf5File::SetAttribute(const std::string& name, const std::string& value) {
  const std::string where = path_.string() + ", attribute " + name;
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "cannot make a type", where);
  H5Tset_size(type, std::max<size_t>(1, value.size()));
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, "cannot make a dataspace", where);
  const Handle attribute(H5Acreate2(file_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                         "cannot write", where);
  Check(H5Awrite(attribute, type, value.data()), "cannot write", where);
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

void Hdf5File::Commit() {
  Check(H5Fflush(file_, H5F_SCOPE_GLOBAL), "cannot write", path_.string());
  Check(H5Fclose(std::exchange(file_, -1)), "cannot write", path_.string());
  std::error_code fault;
  std::filesystem::rename(unfinished_, path_, fault);
  if (fault) throw Error({.what = "cannot write", .where = path_.string(), .got = fault.message()});
  unfinished_.clear();
}

#define MURINE_HDF5(T)                                             \
  template NdArray<T> Hdf5File::Read<T>(const std::string&) const; \
  template void Hdf5File::Write<T>(const std::string&, const std::vector<int64_t>&, std::span<const T>);
MURINE_HDF5(float)
MURINE_HDF5(double)
MURINE_HDF5(int32_t)
MURINE_HDF5(int64_t)
MURINE_HDF5(uint8_t)
#undef MURINE_HDF5

}  // namespace murine
