// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "base/hash.h"
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
  if (committed_) return;
  std::error_code ignored;
  try {
    fs::remove_all(unfinished_, ignored);
  } catch (const std::bad_alloc&) {  // what stays goes with the next writer in the folder
  }
}

void AtomicFolder::Write(const std::string& name, std::string_view content) {
  const fs::path inside = fs::path(name).lexically_normal();
  if (inside.is_absolute() || inside.empty() || *inside.begin() == "..")
    throw Error({.what = "a name that leads out of the folder", .where = path_.string(), .got = name});
  const fs::path file = unfinished_ / inside;
  std::error_code shown_by_the_write;
  fs::create_directories(file.parent_path(), shown_by_the_write);
  hashes_[inside.string()] = Sha256Hex(content);
  std::ofstream stream(file, std::ios::binary);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  if (!stream)
    throw Error({.what = "cannot write",
                 .where = (path_ / name).string(),
                 .hint = "the disk may be full, or the folder not be yours"});
}

void AtomicFolder::Commit() {
  std::string sums;
  for (const auto& [name, hash] : hashes_) sums += fmt::format("{}  {}\n", hash, name);
  Write(kSumsFile, sums);
  const int descriptor = open(unfinished_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    syncfs(descriptor);
    close(descriptor);
  }
  std::error_code fault;
  fs::rename(unfinished_, path_, fault);
  if (fault) throw Error({.what = "cannot write", .where = path_.string(), .got = fault.message()});
  committed_ = true;
}

std::map<std::string, std::string> ParseSums(std::string_view text, const std::string& where) {
  constexpr size_t kDigits = 64;
  std::map<std::string, std::string> sums;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (end == text.npos || line.size() <= kDigits + 2 || line.substr(kDigits, 2) != "  " ||
        !sums.emplace(line.substr(kDigits + 2), line.substr(0, kDigits)).second)
      throw Error({.what = "damaged list of hashes",
                   .where = where,
                   .expected = "a line `hash  file` a file",
                   .got = std::string(line.substr(0, kDigits + 40)),
                   .hint = "remove the folder and make it again, or the list to read the files as they are"});
    text.remove_prefix(end + 1);
  }
  return sums;
}

}  // namespace murine
