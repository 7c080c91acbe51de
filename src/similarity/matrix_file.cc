// SPDX-License-Identifier: Apache-2.0
#include "similarity/matrix_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/hash.h"
#include "base/progress.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/npy.h"

namespace murine {
namespace {

[[noreturn]] void ThrowErrno(const std::filesystem::path& where, int number) {
  throw Error({.what = "cannot write the matrix",
               .where = where.string(),
               .got = std::strerror(number),
               .hint = number == ENOSPC ? "free some space, or --factor, which needs no matrix" : ""});
}

int64_t SizeOf(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 ? status.st_size : -1;
}

std::filesystem::path UnfinishedOf(const std::filesystem::path& npy) { return npy.string() + ".unfinished"; }
std::filesystem::path StateOf(const std::filesystem::path& npy) { return npy.string() + ".unfinished.json"; }

}  // namespace

MatrixFile::MatrixFile(Names names, int64_t n, Json config)
    : names_(std::move(names)),
      n_(n),
      config_(std::move(config)),
      header_(FormatNpyHeader("<f4", {n_, n_})),
      hashes_(static_cast<size_t>(TileCount(n_))) {}

// By way of another constructor: so what follows may throw, and the descriptor is closed.
MatrixFile::MatrixFile(std::filesystem::path npy, int64_t n, Json config)
    : MatrixFile(Names{npy, UnfinishedOf(npy), StateOf(npy)}, n, std::move(config)) {
  Open();
  if (std::filesystem::exists(names_.state)) {
    const Json state = ReadJson(names_.state);
    RefuseOtherConfig(state.value("config", Json::object()), config_, names_.state);
    GoOn(state.value("tiles", Json::array()));
  }
  keep_ = false;
  if (saved_ == 0) Allocate();
  if (pwrite(descriptor_, header_.data(), header_.size(), 0) != std::ssize(header_))
    ThrowErrno(names_.npy, EIO);
}

// Between opening the file and locking it, whoever held it may have given it its final name, or removed it:
// what is locked is then not the unfinished file any more.
void MatrixFile::Open() {
  std::error_code ignored;  // a folder that cannot be made shows in open()
  if (names_.npy.has_parent_path()) std::filesystem::create_directories(names_.npy.parent_path(), ignored);
  if (std::filesystem::is_directory(names_.npy)) ThrowErrno(names_.npy, EISDIR);
  do {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = open(names_.unfinished.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) ThrowErrno(names_.npy, errno);
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      throw Error({.what = "another process is making this target",
                   .where = names_.npy.string(),
                   .hint = "wait for it, or choose another --out"});
  } while (!IsFileOfName(descriptor_, names_.unfinished));
}

void MatrixFile::GoOn(const Json& hashes) {
  const int64_t bytes = std::ssize(header_) + n_ * n_ * static_cast<int64_t>(sizeof(float));
  if (!hashes.is_array() || hashes.size() > hashes_.size() || SizeOf(descriptor_) != bytes) return;
  const auto saved = static_cast<int64_t>(hashes.size());
  Progress progress("check of what is there of " + names_.npy.filename().string(), saved, "tiles");
  for (; saved_ < saved; ++saved_) {
    hashes_[saved_] = hashes[saved_].is_string() ? hashes[saved_].get<std::string>() : "";
    if (!Fits(TileAt(saved_, n_), hashes_[saved_])) break;
    progress.Update(saved_ + 1);
  }
  if (saved_ < saved)
    spdlog::warn("{} is damaged: tile {} of {} does not fit its hash; it and those after it are made again",
                 names_.unfinished.string(), saved_ + 1, saved);
}

// At once: a disk without room says so now and not after hours. What is there counts for nothing, and may be
// longer.
void MatrixFile::Allocate() {
  const int64_t bytes = std::ssize(header_) + n_ * n_ * static_cast<int64_t>(sizeof(float));
  int fault = ftruncate(descriptor_, 0) == 0 ? posix_fallocate(descriptor_, 0, bytes) : errno;
  if (fault == EOPNOTSUPP || fault == EINVAL) fault = ftruncate(descriptor_, bytes) == 0 ? 0 : errno;
  if (fault != 0) ThrowErrno(names_.npy, fault);
}

MatrixFile::~MatrixFile() {
  if (descriptor_ < 0) return;
  std::error_code ignored;
  if (!keep_) {
    std::filesystem::remove(names_.state, ignored);
    std::filesystem::remove(names_.unfinished, ignored);
  }
  close(descriptor_);
}

void MatrixFile::WriteAt(int64_t offset, std::span<const float> values) {
  auto bytes = std::as_bytes(values);
  int64_t at = std::ssize(header_) + offset * static_cast<int64_t>(sizeof(float));
  while (!bytes.empty()) {
    const ssize_t put = pwrite(descriptor_, bytes.data(), bytes.size(), at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) ThrowErrno(names_.npy, errno);
    bytes = bytes.subspan(static_cast<size_t>(put));
    at += put;
  }
}

bool MatrixFile::ReadAt(int64_t offset, std::span<float> values) const {
  const auto bytes = std::as_writable_bytes(values);
  const int64_t at = std::ssize(header_) + offset * static_cast<int64_t>(sizeof(float));
  return pread(descriptor_, bytes.data(), bytes.size(), at) == std::ssize(bytes);
}

// Both the tile and its mirror image.
bool MatrixFile::Fits(const Tile& tile, const std::string& hash) const {
  std::vector<float> values(static_cast<size_t>(tile.rows * tile.columns)), column(tile.rows);
  for (int64_t i = 0; i < tile.rows; ++i)
    if (!ReadAt((tile.top + i) * n_ + tile.left, std::span(values).subspan(i * tile.columns, tile.columns)))
      return false;
  if (Sha256().Add(std::as_bytes(std::span(values))).Hex() != hash) return false;
  if (tile.top == tile.left) return true;
  for (int64_t j = 0; j < tile.columns; ++j) {
    if (!ReadAt((tile.left + j) * n_ + tile.top, column)) return false;
    for (int64_t i = 0; i < tile.rows; ++i)
      if (std::bit_cast<uint32_t>(column[i]) != std::bit_cast<uint32_t>(values[i * tile.columns + j]))
        return false;
  }
  return true;
}

void MatrixFile::Write(int64_t index, std::span<const float> values) {
  const Tile tile = TileAt(index, n_);
  hashes_[index] = Sha256().Add(std::as_bytes(values)).Hex();
  for (int64_t i = 0; i < tile.rows; ++i)
    WriteAt((tile.top + i) * n_ + tile.left, values.subspan(i * tile.columns, tile.columns));
  if (tile.top == tile.left) return;
  std::vector<float> column(static_cast<size_t>(tile.rows));
  for (int64_t j = 0; j < tile.columns; ++j) {
    for (int64_t i = 0; i < tile.rows; ++i) column[i] = values[i * tile.columns + j];
    WriteAt((tile.left + j) * n_ + tile.top, column);
  }
}

void MatrixFile::Save(int64_t tiles) {
  if (fdatasync(descriptor_) != 0) ThrowErrno(names_.npy, errno);
  const std::vector<std::string> hashes(hashes_.begin(), hashes_.begin() + tiles);
  WriteJson(names_.state, {{"config", config_}, {"tiles", hashes}});
  saved_ = tiles;
}

void MatrixFile::Commit(Json& description) {
  constexpr int64_t kChunk = int64_t{1} << 23;
  Sha256 hash;
  std::vector<std::byte> chunk(kChunk);
  const int64_t bytes = SizeOf(descriptor_);
  Progress progress("check of " + names_.npy.filename().string(), bytes >> 20, "MiB");
  for (int64_t at = std::ssize(header_); at < bytes;) {
    const ssize_t got = pread(descriptor_, chunk.data(), chunk.size(), at);
    if (got <= 0) ThrowErrno(names_.npy, got < 0 ? errno : EIO);
    hash.Add(std::span(chunk).first(static_cast<size_t>(got)));
    at += got;
    progress.Update(at >> 20);
  }
  description["sha256"] = hash.Hex();
  if (fsync(descriptor_) != 0) ThrowErrno(names_.npy, errno);
  WriteJson(DescriptionPath(names_.npy), description);
  if (rename(names_.unfinished.c_str(), names_.npy.c_str()) != 0) ThrowErrno(names_.npy, errno);
  std::error_code ignored;
  std::filesystem::remove(names_.state, ignored);
  close(descriptor_);
  descriptor_ = -1;
}

void RemoveStateOfFinished(const std::filesystem::path& npy) {
  std::error_code ignored;
  if (std::filesystem::exists(UnfinishedOf(npy), ignored)) return;  // another process is at it
  std::filesystem::remove(StateOf(npy), ignored);
}

}  // namespace murine
