// SPDX-License-Identifier: Apache-2.0
#include "io/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "io/unfinished.h"

namespace murine {
namespace {

[[noreturn]] void ThrowErrno(const std::string& what, const std::filesystem::path& where) {
  const int number = errno;
  const char* hint = number == ENOENT                       ? "is the path right?"
                     : number == ENOSPC || number == EDQUOT ? "free some space and start again"
                     : number == EACCES || number == EPERM  ? "check the permissions"
                                                            : "";
  throw Error({.what = what, .where = where.string(), .got = std::strerror(number), .hint = hint});
}

// An open descriptor that closes itself.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

int64_t OpenForReading(const std::filesystem::path& path, Descriptor& descriptor) {
  // O_NONBLOCK: a pipe is refused below, without waiting for its writer. It means nothing for files.
  descriptor.number = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor.number < 0) ThrowErrno("cannot open the file", path);
  struct stat status {};
  if (fstat(descriptor.number, &status) != 0) ThrowErrno("cannot examine the file", path);
  if (S_ISDIR(status.st_mode))
    throw Error({.what = "not a file", .where = path.string(), .expected = "a file", .got = "a folder"});
  if (!S_ISREG(status.st_mode))
    throw Error({.what = "not a file",
                 .where = path.string(),
                 .expected = "a regular file",
                 .got = "a device or pipe"});
  return status.st_size;
}

}  // namespace

std::string ReadFile(const std::filesystem::path& path, int64_t most_bytes) {
  Descriptor descriptor{-1};
  const int64_t size = OpenForReading(path, descriptor);
  if (size > most_bytes)
    throw Error({.what = "file too large",
                 .where = path.string(),
                 .expected = fmt::format("at most {} bytes", most_bytes),
                 .got = fmt::format("{}", size)});
  std::string content(static_cast<size_t>(size), '\0');
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = read(descriptor.number, content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowErrno("cannot read the file", path);
    if (got == 0) throw Error({.what = "the file became shorter while it was read", .where = path.string()});
    done += static_cast<size_t>(got);
  }
  return content;
}

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)), unfinished_(UnfinishedName(path_)) {
  std::error_code ignored;  // a folder that cannot be made shows in open()
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), ignored);
  descriptor_ = open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) ThrowErrno("cannot write", path_);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(unfinished_.c_str());
}

void AtomicFile::Write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) ThrowErrno("cannot write", path_);
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
}

void AtomicFile::Write(std::string_view text) { Write(std::as_bytes(std::span(text))); }

void AtomicFile::Commit() {
  if (fsync(descriptor_) != 0) ThrowErrno("cannot write", path_);
  if (close(std::exchange(descriptor_, -1)) != 0 || rename(unfinished_.c_str(), path_.c_str()) != 0) {
    const int number = errno;
    unlink(unfinished_.c_str());
    errno = number;
    ThrowErrno("cannot write", path_);
  }
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  const Descriptor parent{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (parent.number >= 0) fsync(parent.number);  // some file systems refuse; the rename is done in any case
}

void RequireWritable(const fs::path& path) {
  fs::path folder = fs::absolute(path / "").parent_path().parent_path();
  while (!fs::exists(folder)) folder = folder.parent_path();
  if (access((folder / ".").c_str(), W_OK | X_OK) != 0) ThrowErrno("cannot write into the folder", folder);
}

void WriteFileAtomically(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

bool IsFileOfName(int descriptor, const std::filesystem::path& name) {
  struct stat here {
  }, there{};
  return fstat(descriptor, &here) == 0 && stat(name.c_str(), &there) == 0 && here.st_ino == there.st_ino;
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  Descriptor descriptor{-1};
  const auto size = static_cast<size_t>(OpenForReading(path, descriptor));
  if (size == 0) return;
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.number, 0);
  if (mapped == MAP_FAILED) ThrowErrno("cannot map the file", path);
  bytes_ = {static_cast<const std::byte*>(mapped), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace murine
