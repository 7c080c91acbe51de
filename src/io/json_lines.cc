// SPDX-License-Identifier: Apache-2.0
#include "io/json_lines.h"

#include <fmt/format.h>

#include <string_view>

#include "base/error.h"
#include "io/file.h"
#include "io/integrity.h"

namespace murine {

Json ReadJson(const std::filesystem::path& path) {
  CheckedJson read = ParseHashedJson(ReadFile(path), path.string());
  if (read.hashed == Hashed::kNo) SayUnhashed(path);
  return std::move(read.value);
}

void WriteJson(const std::filesystem::path& path, const Json& value) {
  WriteFileAtomically(path, FormatHashedJson(value));
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
  AppendText(path, line.dump() + "\n");
}

void DropEpochsFrom(const std::filesystem::path& path, int64_t epoch) {
  std::string kept;
  if (std::filesystem::exists(path))
    for (const Json& line : ReadJsonLines(path))
      if (line.value("epoch", int64_t{0}) < epoch) kept += line.dump() + "\n";
  WriteFileAtomically(path, kept);
}

}  // namespace murine
