// SPDX-License-Identifier: Apache-2.0
#include "io/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/error.h"
#include "io/file.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhole = ".lock";
constexpr const char* kShard = ".lock-";  // and 2-of-4

// What a lock file says: who holds it and, in a second line, what for.
struct Holder {
  std::string who, work;
};

Holder ReadHolder(const fs::path& file) {
  std::array<char, 400> text{};
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  const ssize_t got = read(descriptor, text.data(), text.size() - 1);
  close(descriptor);
  const std::string all(text.data(), static_cast<size_t>(std::max<ssize_t>(got, 0)));
  const size_t end = std::min(all.find('\n'), all.size());
  return {all.substr(0, end), all.substr(std::min(end + 1, all.size()))};
}

void WriteHolder(int descriptor, const std::string& work = "") {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host = {"unknown"};
  const std::string text =
      fmt::format("process {} on {}{}{}", getpid(), host.data(), work.empty() ? "" : "\n", work);
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
    if (IsFileOfName(descriptor, file)) return descriptor;
    close(descriptor);
  }
}

// A shard that is at work and `counts`, as it says of itself; empty: none is.
template <class Counts>
std::string HeldShard(const fs::path& folder, const Counts& counts) {
  std::error_code fault;
  for (fs::directory_iterator entry(folder, fault), end; !fault && entry != end; entry.increment(fault)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kShard)) continue;
    const int descriptor = open(entry->path().c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) continue;
    const bool held = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(descriptor);
    const Holder holder = ReadHolder(entry->path());
    if (held && counts(name, holder.work))
      return fmt::format("shard {}, {}", name.substr(std::strlen(kShard)), holder.who);
  }
  return "";
}

// Asks again for a second: shards that begin or end at the same time hold files for a moment to look at them.
template <class Good, class Ask>
auto AskAgain(const Good& good, const Ask& ask) {
  constexpr int kTries = 20;
  constexpr useconds_t kBetween = 50000;
  auto answer = ask();
  for (int i = 1; i < kTries && !good(answer); ++i) {
    usleep(kBetween);
    answer = ask();
  }
  return answer;
}

bool IsLocked(int descriptor) { return descriptor >= 0; }
bool IsNobody(const std::string& holder) { return holder.empty(); }

bool Make(const fs::path& folder) {
  std::error_code fault;
  const bool made = fs::create_directories(folder, fault);
  if (fault) throw Error({.what = "cannot use the folder", .where = folder.string(), .got = fault.message()});
  return made;
}

int LockWhole(const fs::path& folder, int mode) {
  const auto lock = [&] { return Lock(folder / kWhole, mode); };
  const int descriptor = mode == LOCK_SH ? AskAgain(IsLocked, lock) : lock();
  if (descriptor >= 0) return descriptor;
  const std::string shard = HeldShard(folder, [](const auto&, const auto&) { return true; });
  ThrowHeld(folder, shard.empty() ? ReadHolder(folder / kWhole).who : shard,
            "wait for it, or choose another --out");
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
    : made_(Make(folder)), whole_path_(folder / kWhole), whole_(LockWhole(folder, LOCK_EX)) {
  WriteHolder(whole_);
}

FolderLock::FolderLock(const fs::path& folder, const Shard& shard, const std::string& work)
    : made_(Make(folder)),
      whole_path_(folder / kWhole),
      shard_path_(folder / (kShard + shard.Name())),
      whole_(LockWhole(folder, LOCK_SH)) {
  try {
    shard_ = AskAgain(IsLocked, [&] { return Lock(shard_path_, LOCK_EX); });
    if (shard_ < 0)
      ThrowHeld(folder, ReadHolder(shard_path_).who,
                "every shard is for one process: choose another --shard");
    WriteHolder(shard_, work);
    const std::string count = fmt::format("-of-{}", shard.count);
    const std::string counted = AskAgain(IsNobody, [&] {
      return HeldShard(folder,
                       [&](const std::string& name, const std::string&) { return !name.ends_with(count); });
    });
    if (!counted.empty()) ThrowHeld(folder, counted, "all shards of a folder have the same N in --shard K/N");
    const std::string other = AskAgain(IsNobody, [&] {
      return HeldShard(folder, [&](const std::string&, const std::string& of_other) {
        return !of_other.empty() && of_other != work;  // nothing: it has just begun
      });
    });
    if (!other.empty())
      ThrowHeld(folder, other,
                "all shards run the same experiment, with the same --set, --seed and --threads");
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
  if (made_) rmdir(whole_path_.parent_path().c_str());  // fails where there is something in it
}

bool FolderLock::IsLeftIn(const fs::path& folder) { return fs::exists(folder / kWhole); }

}  // namespace murine
