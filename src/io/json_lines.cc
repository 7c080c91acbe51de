// SPDX-License-Identifier: Apache-2.0
#include "io/json_lines.h"

#include <fmt/format.h>
#include <zlib.h>

#include <string_view>

#include "base/error.h"
#include "io/file.h"
#include "io/integrity.h"

namespace murine {
namespace {

// A line of a log ends in a checksum of what comes before it.
constexpr std::string_view kCheckName = ",\"crc32\":\"", kCheckEnd = "\"}";
constexpr size_t kCheckDigits = 8;

std::string LineCheck(std::string_view text) {
  return fmt::format("{:08x}",
                     crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

std::string CheckedLogLine(const Json& line) {
  std::string text = line.dump();
  if (!line.is_object() || line.empty()) return text + "\n";
  text.pop_back();
  return fmt::format("{}{}{}{}\n", text, kCheckName, LineCheck(text), kCheckEnd);
}

size_t Different(std::string_view a, std::string_view b) {
  size_t different = 0;
  for (size_t i = 0; i < a.size(); ++i) different += a[i] != b[i];
  return different;
}

// Lines from elsewhere have no checksum. One whose name alone was damaged is none of those.
Json ReadLogLine(std::string_view text, const std::string& where) {
  constexpr size_t kTail = kCheckName.size() + kCheckDigits + kCheckEnd.size();
  if (text.size() <= kTail) return ParseJson(text, where);
  const std::string_view before = text.substr(0, text.size() - kTail), tail = text.substr(before.size());
  const size_t different =
      Different(kCheckName, tail) + Different(kCheckEnd, tail.substr(kTail - kCheckEnd.size()));
  if (different > 1) return ParseJson(text, where);
  const std::string_view stored = tail.substr(kCheckName.size(), kCheckDigits);
  const std::string found = LineCheck(before);
  if (different == 1 || stored != found)
    throw Error({.what = "the line is damaged: its checksum does not fit it",
                 .where = where,
                 .expected = std::string(stored),
                 .got = found,
                 .hint = "remove the line: it is a log, from which nothing else is made"});
  Json line = ParseJson(text, where);
  line.erase("crc32");
  return line;
}

}  // namespace

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
    const std::string where = fmt::format("{}, line {}", path.string(), number);
    if (end > 0) lines.push_back(ReadLogLine(rest.substr(0, end), where));
    if (end > 0 && !lines.back().is_object())
      throw Error({.what = "not a line of a log",
                   .where = where,
                   .expected = "a JSON object",
                   .got = lines.back().type_name()});
    rest.remove_prefix(end + 1);
  }
}

void AppendJsonLine(const std::filesystem::path& path, const Json& line) {
  AppendText(path, CheckedLogLine(line));
}

void DropEpochsFrom(const std::filesystem::path& path, int64_t epoch) {
  std::string kept;
  if (std::filesystem::exists(path))
    for (const Json& line : ReadJsonLines(path))
      if (line.value("epoch", int64_t{0}) < epoch) kept += CheckedLogLine(line);
  WriteFileAtomically(path, kept);
}

}  // namespace murine
