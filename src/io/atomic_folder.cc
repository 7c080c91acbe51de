// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "io/unfinished.h"

namespace murine {

namespace fs = std::filesystem;

AtomicFolder::AtomicFolder(const fs::path& path)
    : path_(fs::absolute(path / ".").lexically_normal().parent_path()), unfinished_(UnfinishedName(path_)) {
  if (fs::exists(path_))
    throw Error({.what = "something has the name already", .where = path.string(), .hint = "name another"});
  std::error_code fault;
  fs::create_directories(unfinished_, fault);
  if (fault) throw Error({.what = "cannot make a folder", .where = path.string(), .got = fault.message()});
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  fs::remove_all(unfinished_, ignored);  // gone after Commit
}

void AtomicFolder::Write(const std::string& name, std::string_view content) {
  const fs::path file = unfinished_ / name;
  std::error_code shown_by_the_write;
  fs::create_directories(file.parent_path(), shown_by_the_write);
  std::ofstream stream(file, std::ios::binary);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  if (!stream)
    throw Error({.what = "cannot write",
                 .where = (path_ / name).string(),
                 .hint = "the disk may be full, or the folder not be yours"});
}

void AtomicFolder::Commit() {
  const int descriptor = open(unfinished_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    syncfs(descriptor);
    close(descriptor);
  }
  std::error_code fault;
  fs::rename(unfinished_, path_, fault);
  if (fault) throw Error({.what = "cannot write", .where = path_.string(), .got = fault.message()});
}

}  // namespace murine
