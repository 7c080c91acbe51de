// SPDX-License-Identifier: Apache-2.0
#include "io/json_lines.h"

#include <fmt/format.h>

#include <fstream>
#include <string_view>

#include "base/error.h"
#include "io/file.h"

namespace murine {

Json ReadJson(const std::filesystem::path& path) { return ParseJson(ReadFile(path), path.string()); }

void WriteJson(const std::filesystem::path& path, const Json& value) {
  WriteFileAtomically(path, value.dump(2) + "\n");
}

std::vector<Json> ReadJsonLines(const std::filesystem::path& path) {
  const std::string content = ReadFile(path);
  std::vector<Json> lines;
  std::string_view rest = content;
  for (int number = 1;; ++number) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return lines;  // what follows the last newline was cut short
    if (end > 0)
      lines.push_back(ParseJson(rest.substr(0, end), fmt::format("{}, line {}", path.string(), number)));
    rest.remove_prefix(end + 1);
  }
}

void AppendJsonLine(const std::filesystem::path& path, const Json& line) {
  std::ofstream file(path, std::ios::app);
  file << line.dump() + "\n" << std::flush;
  if (!file) throw Error({.what = "cannot write", .where = path.string(), .hint = "is there space left?"});
}

void DropEpochsFrom(const std::filesystem::path& path, int64_t epoch) {
  std::string kept;
  if (std::filesystem::exists(path))
    for (const Json& line : ReadJsonLines(path))
      if (line.value("epoch", int64_t{0}) < epoch) kept += line.dump() + "\n";
  WriteFileAtomically(path, kept);
}

}  // namespace murine
