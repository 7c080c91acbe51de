// SPDX-License-Identifier: Apache-2.0
#include "io/unfinished.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

#include "io/folder_entries.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

// A process that has ended keeps its number until its parent, or who takes its place, has asked how.
bool HasEnded(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string stat;
  std::getline(file, stat);
  const size_t name_ends = stat.rfind(')');
  if (name_ends == std::string::npos || name_ends + 2 >= stat.size()) return false;
  const char state = stat[name_ends + 2];
  return state == 'Z' || state == 'X';
}

// Whether `number` is that of a process that runs. What cannot be known counts as running.
bool IsRunning(std::string_view number) {
  pid_t process = 0;
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), process);
  if (fault != std::errc() || end != number.data() + number.size() || process <= 0) return true;
  return (kill(process, 0) == 0 || errno != ESRCH) && !HasEnded(process);
}

// Whatever file they were for: a job that goes on may have no need to write just that one again.
void RemoveAbandoned(const fs::path& folder, const std::string& mark) {
  std::error_code ignored;  // what stays takes room, no more
  for (const fs::path& entry : FolderEntries(folder)) {
    const std::string name = entry.filename().string();
    const size_t at = name.rfind(mark);
    if (at != std::string::npos && !IsRunning(std::string_view(name).substr(at + mark.size())))
      fs::remove_all(entry, ignored);
  }
}

}  // namespace

fs::path UnfinishedName(const fs::path& path) {
  static const std::string host = HostName();
  const std::string mark = fmt::format(".unfinished-{}-", host);
  const fs::path folder = path.parent_path();
  RemoveAbandoned(folder.empty() ? "." : folder, mark);
  return folder / fmt::format("{}{}{}", path.filename().string(), mark, getpid());
}

}  // namespace murine
