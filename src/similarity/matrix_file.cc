// SPDX-License-Identifier: Apache-2.0
#include "similarity/matrix_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/hash.h"
#include "base/progress.h"
#include "io/artifact.h"
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

}  // namespace

MatrixFile::MatrixFile(std::filesystem::path npy, int64_t n, Json config)
    : npy_(std::move(npy)),
      unfinished_(npy_.string() + ".unfinished"),
      state_(npy_.string() + ".unfinished.json"),
      n_(n),
      config_(std::move(config)) {
  std::error_code ignored;  // a folder that cannot be made shows in open()
  if (npy_.has_parent_path()) std::filesystem::create_directories(npy_.parent_path(), ignored);
  if (std::filesystem::is_directory(npy_)) ThrowErrno(npy_, EISDIR);
  descriptor_ = open(unfinished_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) ThrowErrno(npy_, errno);
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(descriptor_);
    throw Error({.what = "another process is making this target",
                 .where = npy_.string(),
                 .hint = "wait for it, or choose another --out"});
  }
  const std::string header = FormatNpyHeader("<f4", {n_, n_});
  header_bytes_ = static_cast<int64_t>(header.size());
  const int64_t bytes = header_bytes_ + n_ * n_ * static_cast<int64_t>(sizeof(float));
  if (std::filesystem::exists(state_)) {
    try {
      const Json state = ReadJson(state_);
      RefuseOtherConfig(state.value("config", Json::object()), config_, npy_);
      if (SizeOf(descriptor_) == bytes) saved_ = state.value("tiles", int64_t{0});
    } catch (...) {
      close(descriptor_);
      throw;
    }
    if (saved_ > 0) return;
  }
  // Asked for at once: a disk without room says so now and not after hours.
  int fault = posix_fallocate(descriptor_, 0, bytes);
  if (fault == EOPNOTSUPP || fault == EINVAL) fault = ftruncate(descriptor_, bytes) == 0 ? 0 : errno;
  if (fault == 0 && pwrite(descriptor_, header.data(), header.size(), 0) != header_bytes_) fault = EIO;
  if (fault != 0) {
    close(descriptor_);
    std::filesystem::remove(unfinished_, ignored);
    ThrowErrno(npy_, fault);
  }
}

MatrixFile::~MatrixFile() {
  if (descriptor_ < 0) return;
  std::error_code ignored;
  if (!keep_) {
    std::filesystem::remove(state_, ignored);
    std::filesystem::remove(unfinished_, ignored);
  }
  close(descriptor_);
}

void MatrixFile::WriteAt(int64_t offset, std::span<const float> values) {
  auto bytes = std::as_bytes(values);
  int64_t at = header_bytes_ + offset * static_cast<int64_t>(sizeof(float));
  while (!bytes.empty()) {
    const ssize_t put = pwrite(descriptor_, bytes.data(), bytes.size(), at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) ThrowErrno(npy_, errno);
    bytes = bytes.subspan(static_cast<size_t>(put));
    at += put;
  }
}

void MatrixFile::Write(const Tile& tile, std::span<const float> values) {
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
  if (fdatasync(descriptor_) != 0) ThrowErrno(npy_, errno);
  WriteJson(state_, {{"config", config_}, {"tiles", tiles}});
  saved_ = tiles;
}

void MatrixFile::Commit(Json& description) {
  constexpr int64_t kChunk = int64_t{1} << 23;
  Sha256 hash;
  std::vector<std::byte> chunk(kChunk);
  const int64_t bytes = SizeOf(descriptor_);
  Progress progress("check of " + npy_.filename().string(), bytes >> 20, "MiB");
  for (int64_t at = header_bytes_; at < bytes;) {
    const ssize_t got = pread(descriptor_, chunk.data(), chunk.size(), at);
    if (got <= 0) ThrowErrno(npy_, got < 0 ? errno : EIO);
    hash.Add(std::span(chunk).first(static_cast<size_t>(got)));
    at += got;
    progress.Update(at >> 20);
  }
  description["sha256"] = hash.Hex();
  if (fsync(descriptor_) != 0) ThrowErrno(npy_, errno);
  WriteJson(DescriptionPath(npy_), description);
  if (rename(unfinished_.c_str(), npy_.c_str()) != 0) ThrowErrno(npy_, errno);
  std::error_code ignored;
  std::filesystem::remove(state_, ignored);
  close(descriptor_);
  descriptor_ = -1;
}

}  // namespace murine
