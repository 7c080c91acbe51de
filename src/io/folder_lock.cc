// SPDX-License-Identifier: Apache-2.0
#include "io/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace murine {
namespace {

// The pid of the process that holds the folder: /proc/locks has a line
// "1: FLOCK ADVISORY WRITE pid major:minor:inode start end" for every lock.
std::string HolderOf(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return "";
  const std::string inode = fmt::format(":{}", status.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, pid, place;
    words >> number >> kind >> mode >> access >> pid >> place;
    if (kind == "FLOCK" && place.ends_with(inode)) return pid;
  }
  return "";
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder) {
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  descriptor_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0)
    throw Error({.what = "cannot use the folder",
                 .where = folder.string(),
                 .got = fault ? fault.message() : std::strerror(errno)});
  // Some network file systems have no such locks: then nobody is kept out, and nothing is lost by going on.
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  const std::string pid = HolderOf(descriptor_);
  close(descriptor_);
  throw Error({.what = "another process works in the folder",
               .where = folder.string(),
               .got = pid.empty() ? "" : "process " + pid,
               .hint = "wait for it, or choose another --out"});
}

FolderLock::~FolderLock() { close(descriptor_); }

}  // namespace murine
