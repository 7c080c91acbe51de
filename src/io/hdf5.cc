// SPDX-License-Identifier: Apache-2.0
#include "io/hdf5.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "io/hdf5_handle.h"
#include "io/integrity.h"

namespace murine {

using hdf5_internal::Check;
using hdf5_internal::Handle;
using hdf5_internal::LastMessage;
using hdf5_internal::NativeType;

namespace {

// Murine's errors carry the message; the library's own printing would double it.
void Silence() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

void MakeParents(hid_t file, const std::string& name, const std::string& where) {
  for (size_t slash = name.find('/', 1); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    const std::string group = name.substr(0, slash);
    if (H5Lexists(file, group.c_str(), H5P_DEFAULT) > 0) continue;
    const Handle plist(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "cannot make a group", where);
    Check(H5Pset_obj_track_times(plist, 0), "cannot make a group", where);
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
  Check(H5Pset_obj_track_times(plist, 0), "cannot make a dataset", where);
  constexpr int64_t kLarge = 1 << 16;
  const int64_t bytes = CountOf(shape, where) * static_cast<int64_t>(item);
  if (bytes > kLarge) {
    std::vector<hsize_t> chunk = sizes;
    const int64_t row = std::max<int64_t>(1, bytes / shape[0]);
    chunk[0] = static_cast<hsize_t>(std::clamp<int64_t>((kLarge << 2) / row, 1, shape[0]));
    Check(H5Pset_chunk(plist, static_cast<int>(chunk.size()), chunk.data()), "cannot make a dataset", where);
    Check(H5Pset_shuffle(plist), "cannot make a dataset", where);
    Check(H5Pset_deflate(plist, 4), "cannot make a dataset", where);
  }
  const Handle dataset(H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, plist, H5P_DEFAULT), H5Dclose,
                       "cannot make a dataset", where);
  Check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "cannot write a dataset", where);
}

// Before the file proper HDF5 leaves room for others' words. murine's are the hash of all that follows, twice
// with its meaning: what damages one leaves the other to say that there was a hash.
constexpr size_t kBlockBytes = 512;
constexpr std::string_view kBlockWords = "murine: SHA-256 of what follows these 512 bytes ";

std::string HashBlock(const std::string& hash) {
  std::string block;
  for (int i = 0; i < 2; ++i) block += fmt::format("{}{}\n", kBlockWords, hash);
  block.resize(kBlockBytes - 1, ' ');
  return block + "\n";
}

void CheckHash(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  constexpr size_t kDigits = 64, kLine = kBlockWords.size() + kDigits + 1;
  const bool first = text.starts_with(kBlockWords);
  if (!first && (text.size() < kBlockBytes || text.substr(kLine, kBlockWords.size()) != kBlockWords))
    return SayUnhashed(path);
  const std::string stored(text.substr(0, kBlockBytes)),
      found = Sha256().Add(text.substr(stored.size())).Hex();
  if (stored != HashBlock(found))
    ThrowDamaged(path.string(), stored.substr((first ? 0 : kLine) + kBlockWords.size(), kDigits), found);
}

}  // namespace

Hdf5File::Hdf5File(std::filesystem::path path, std::unique_ptr<AtomicFile> out, hid_t file)
    : path_(std::move(path)), out_(std::move(out)), file_(file) {}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept
    : path_(std::move(other.path_)), out_(std::move(other.out_)), file_(std::exchange(other.file_, -1)) {}

Hdf5File::~Hdf5File() {
  if (file_ >= 0) H5Fclose(file_);
}

Hdf5File Hdf5File::Open(const std::filesystem::path& path) {
  Silence();
  if (!std::filesystem::is_regular_file(path)) ReadFile(path);  // says what is there instead
  CheckHash(path);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0)
    throw Error({.what = "not an HDF5 file, or a truncated one",
                 .where = path.string(),
                 .got = LastMessage(),
                 .hint = "get it again, or make it again with `murine simulate` or `murine import`"});
  return Hdf5File(path, nullptr, file);
}

// In memory, for HDF5 1.10 does not survive a write that fails: the file is written in one piece by Commit.
Hdf5File Hdf5File::Create(const std::filesystem::path& path) {
  Silence();
  auto out = std::make_unique<AtomicFile>(path);
  const std::string where = path.string();
  const Handle create(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "cannot write", where);
  Check(H5Pset_obj_track_times(create, 0), "cannot write", where);
  Check(H5Pset_userblock(create, kBlockBytes), "cannot write", where);
  constexpr size_t kGrowth = size_t{1} << 22;
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "cannot write", where);
  Check(H5Pset_fapl_core(access, kGrowth, /*backing_store=*/0), "cannot write", where);
  // what it is called is of no matter, but must not be the name of a file that another part has open
  static std::atomic<int> number = 0;
  const std::string name = fmt::format("in memory {}", ++number);
  const hid_t file = H5Fcreate(name.c_str(), H5F_ACC_TRUNC, create, access);
  if (file < 0) throw Error({.what = "cannot write", .where = where, .got = LastMessage()});
  return Hdf5File(path, std::move(out), file);
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
  Check(H5Tset_size(type, width), "cannot make a type", where);
  Check(H5Tset_strpad(type, H5T_STR_NULLPAD), "cannot make a type", where);
  WriteDataset(file_, name, {static_cast<int64_t>(values.size())}, type, width, bytes.data(), where);
}

void Hdf5File::SetAttribute(const std::string& name, const std::string& value) {
  const std::string where = path_.string() + ", attribute " + name;
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "cannot make a type", where);
  Check(H5Tset_size(type, std::max<size_t>(1, value.size())), "cannot make a type", where);
  Check(H5Tset_strpad(type, H5T_STR_NULLPAD), "cannot make a type", where);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, "cannot make a dataspace", where);
  const Handle attribute(H5Acreate2(file_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                         "cannot write", where);
  Check(H5Awrite(attribute, type, value.data()), "cannot write", where);
}

void Hdf5File::Commit() {
  const std::string where = path_.string();
  Check(H5Fflush(file_, H5F_SCOPE_GLOBAL), "cannot write", where);
  const ssize_t size = H5Fget_file_image(file_, nullptr, 0);  // without the block before it
  if (size <= 0) throw Error({.what = "cannot write", .where = where, .got = LastMessage()});
  std::string image(static_cast<size_t>(size), '\0');
  if (H5Fget_file_image(file_, image.data(), image.size()) != size)
    throw Error({.what = "cannot write", .where = where, .got = LastMessage()});
  Check(H5Fclose(std::exchange(file_, -1)), "cannot write", where);
  out_->Write(HashBlock(Sha256Hex(image)));
  out_->Write(image);
  out_->Commit();
}

#define MURINE_HDF5(T) \
  template void Hdf5File::Write<T>(const std::string&, const std::vector<int64_t>&, std::span<const T>);
MURINE_HDF5(float)
MURINE_HDF5(double)
MURINE_HDF5(int32_t)
MURINE_HDF5(int64_t)
MURINE_HDF5(uint8_t)
#undef MURINE_HDF5

}  // namespace murine
