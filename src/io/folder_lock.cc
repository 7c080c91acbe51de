// SPDX-License-Identifier: Apache-2.0
#include "io/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/error.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhole = ".lock";
constexpr const char* kShard = ".lock-";  // and 2-of-4

std::string Holder(const fs::path& file) {
  std::array<char, 300> text{};
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  const ssize_t got = read(descriptor, text.data(), text.size() - 1);
  close(descriptor);
  return got > 0 ? std::string(text.data(), static_cast<size_t>(got)) : "";
}

void WriteHolder(int descriptor) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host = {"unknown"};
  const std::string text = fmt::format("process {} on {}", getpid(), host.data());
  if (ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text.data(), text.size(), 0) < 0)
    return;  // a full disk: the lock holds, without saying whose it is
}

[[noreturn]] void ThrowHeld(const fs::path& folder, const std::string& holder, const std::string& hint) {
  throw Error(
      {.what = "another process works in the folder", .where = folder.string(), .got = holder, .hint = hint});
}

// A locked descriptor of `file`; -1 where another process holds it. Whoever held it last may have removed the
// file in between: then it is made anew.
int Lock(const fs::path& file, int mode) {
  while (true) {
    const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0)
      throw Error({.what = "cannot use the folder",
                   .where = file.parent_path().string(),
                   .got = std::strerror(errno)});
    if (flock(descriptor, mode | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      close(descriptor);
      return -1;
    }
    // Some network file systems have no such locks: then nobody is kept out, and nothing is lost by going on.
    struct stat here {
    }, there{};
    if (fstat(descriptor, &here) == 0 && stat(file.c_str(), &there) == 0 && here.st_ino == there.st_ino)
      return descriptor;
    close(descriptor);
  }
}

// What a shard that is at work says of itself; empty: none is.
std::string HeldShard(const fs::path& folder, const std::string& but_count) {
  std::error_code fault;
  for (fs::directory_iterator entry(folder, fault), end; !fault && entry != end; entry.increment(fault)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kShard) || (!but_count.empty() && name.ends_with(but_count))) continue;
    const int descriptor = open(entry->path().c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) continue;
    const bool held = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(descriptor);
    if (held) return fmt::format("shard {}, {}", name.substr(std::strlen(kShard)), Holder(entry->path()));
  }
  return "";
}

int LockWhole(const fs::path& folder, int mode) {
  std::error_code ignored;  // a folder that cannot be made shows in open()
  fs::create_directories(folder, ignored);
  const int descriptor = Lock(folder / kWhole, mode);
  if (descriptor >= 0) return descriptor;
  const std::string shard = HeldShard(folder, "");
  ThrowHeld(folder, shard.empty() ? Holder(folder / kWhole) : shard, "wait for it, or choose another --out");
}

}  // namespace

Shard Shard::Parse(const std::string& text) {
  const size_t slash = text.find('/');
  Shard shard;
  const auto number = [&](std::string_view part, int& value) {
    const auto [end, fault] = std::from_chars(part.data(), part.data() + part.size(), value);
    return fault == std::errc() && end == part.data() + part.size();
  };
  const bool good = slash != std::string::npos &&
                    number(std::string_view(text).substr(0, slash), shard.number) &&
                    number(std::string_view(text).substr(slash + 1), shard.count) && shard.number >= 1 &&
                    shard.number <= shard.count;
  if (!good)
    throw Error({.what = "malformed shard",
                 .expected = "K/N with 1 <= K <= N, such as 2/4",
                 .got = text,
                 .kind = ErrorKind::kUsage});
  return shard;
}

std::string Shard::Name() const { return fmt::format("{}-of-{}", number, count); }

FolderLock::FolderLock(const fs::path& folder)
    : whole_path_(folder / kWhole), whole_(LockWhole(folder, LOCK_EX)) {
  WriteHolder(whole_);
}

FolderLock::FolderLock(const fs::path& folder, const Shard& shard)
    : whole_path_(folder / kWhole),
      shard_path_(folder / (kShard + shard.Name())),
      whole_(LockWhole(folder, LOCK_SH)) {
  try {
    shard_ = Lock(shard_path_, LOCK_EX);
    if (shard_ < 0)
      ThrowHeld(folder, Holder(shard_path_), "every shard is for one process: choose another --shard");
    WriteHolder(shard_);
    const std::string other = HeldShard(folder, fmt::format("-of-{}", shard.count));
    if (!other.empty()) ThrowHeld(folder, other, "all shards of a folder have the same N in --shard K/N");
  } catch (...) {
    if (shard_ >= 0) unlink(shard_path_.c_str());
    if (shard_ >= 0) close(shard_);
    close(whole_);
    throw;
  }
}

FolderLock::~FolderLock() {
  if (shard_ >= 0) {
    unlink(shard_path_.c_str());
    close(shard_);
  }
  if (shard_ < 0 || flock(whole_, LOCK_EX | LOCK_NB) == 0) unlink(whole_path_.c_str());
  close(whole_);
}

}  // namespace murine
