// SPDX-License-Identifier: Apache-2.0
#include "io/integrity.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <fstream>

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "io/npy.h"

namespace murine {
namespace {

constexpr std::string_view kFileHash = "file_sha256";
constexpr size_t kDigits = 64;
constexpr std::string_view kBeforeDigits = "\"file_sha256\": \"", kAfterDigits = "\"\n}\n";
constexpr std::string_view kLineStart = "{\"sha256\":\"", kLineMiddle = "\",\"line\":";

// Whether the entry's name stands where it belongs, but for one character: a damaged name must not make the
// file a foreign one.
bool NearlyNamed(std::string_view text, size_t digits_at) {
  if (digits_at == std::string_view::npos) return false;
  const std::string_view name = text.substr(digits_at - kBeforeDigits.size(), kBeforeDigits.size());
  int different = 0;
  for (size_t i = 0; i < name.size(); ++i) different += name[i] != kBeforeDigits[i];
  return different <= 1;
}

// The JSON text of a line after its hash is checked.
Json CheckedLine(std::string_view text, const std::string& where) {
  const size_t start = kLineStart.size() + kDigits + kLineMiddle.size();
  if (!text.starts_with(kLineStart) || text.size() <= start || !text.ends_with('}') ||
      text.substr(kLineStart.size() + kDigits, kLineMiddle.size()) != kLineMiddle)
    throw Error({.what = "not a line of an unfinished result, or a damaged one",
                 .where = where,
                 .got = std::string(text.substr(0, 40)),
                 .hint = "remove the file and start the same command again"});
  const std::string_view line = text.substr(start, text.size() - start - 1);
  const std::string stored(text.substr(kLineStart.size(), kDigits)), found = Sha256Hex(line);
  if (stored != found) ThrowDamaged(where, stored, found);
  return ParseJson(line, where);
}

std::filesystem::path Beside(const std::filesystem::path& result, const std::string& suffix) {
  return result.string() + suffix;
}

}  // namespace

void ThrowDamaged(const std::string& where, const std::string& stored, const std::string& found) {
  throw Error({.what = "the file is damaged: its hash does not fit its content",
               .where = where,
               .expected = stored,
               .got = found,
               .hint = "remove it and start the command that made it again, or get it again"});
}

void SayUnhashed(const std::filesystem::path& path) {
  spdlog::info("{} carries no hash: it is taken as it is", path.string());
}

std::string FileHash(const std::filesystem::path& path) {
  const MappedFile file(path);
  return Sha256().Add(file.bytes()).Hex();
}

std::string FormatHashedJson(const Json& object) {
  Json hashed = object;
  hashed.erase(std::string(kFileHash));
  hashed[std::string(kFileHash)] = std::string(kDigits, '0');
  std::string text = hashed.dump(2) + "\n";
  return text.replace(text.size() - kAfterDigits.size() - kDigits, kDigits, Sha256Hex(text));
}

CheckedJson ParseHashedJson(std::string_view text, const std::string& where) {
  const size_t least = kBeforeDigits.size() + kDigits + kAfterDigits.size();
  const size_t at =
      text.size() < least ? std::string_view::npos : text.size() - kAfterDigits.size() - kDigits;
  const bool named = text.find(kBeforeDigits) != std::string_view::npos;
  if (!named && !NearlyNamed(text, at)) return {ParseJson(text, where), Hashed::kNo};
  if (at == std::string_view::npos || !text.ends_with(kAfterDigits))
    ThrowDamaged(where, fmt::format("{} as its last entry", kFileHash), "text after it");
  const std::string stored(text.substr(at, kDigits));
  const std::string found =
      Sha256().Add(text.substr(0, at)).Add(std::string(kDigits, '0')).Add(text.substr(at + kDigits)).Hex();
  if (stored != found) ThrowDamaged(where, stored, found);
  CheckedJson checked{ParseJson(text, where), Hashed::kYes};
  checked.value.erase(std::string(kFileHash));
  return checked;
}

std::string FormatHashedLine(const Json& line) {
  const std::string text = line.dump();
  return fmt::format("{}{}{}{}}}\n", kLineStart, Sha256Hex(text), kLineMiddle, text);
}

void AppendText(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << text << std::flush;
  if (!file) throw Error({.what = "cannot write", .where = path.string(), .hint = "is there space left?"});
}

std::vector<Json> ReadHashedLines(const std::filesystem::path& path) {
  const std::string content = ReadFile(path);
  std::vector<Json> lines;
  std::string_view rest = content;
  for (size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1))
    lines.push_back(
        CheckedLine(rest.substr(0, end), fmt::format("{}, line {}", path.string(), lines.size() + 1)));
  return lines;
}

Json HashesBeside(const std::filesystem::path& result, std::span<const std::string> suffixes) {
  Json hashes = Json::object();
  for (const std::string& suffix : suffixes) hashes[suffix] = FileHash(Beside(result, suffix));
  return hashes;
}

void CheckBeside(const std::filesystem::path& result, const Json& stored, Missing missing) {
  if (!stored.is_object()) return;
  const std::string hint = fmt::format("remove {} and start the command that made it again", result.string());
  for (const auto& [suffix, hash] : stored.items()) {
    const std::filesystem::path file = Beside(result, suffix);
    if (!std::filesystem::exists(file)) {
      if (missing == Missing::kAccept) continue;
      throw Error({.what = "a file of the result is missing", .where = file.string(), .hint = hint});
    }
    if (const std::string found = FileHash(file); found != hash)
      throw Error({.what = "the file is damaged: its hash does not fit its content",
                   .where = file.string(),
                   .expected = hash.is_string() ? hash.get<std::string>() : hash.dump(),
                   .got = found,
                   .hint = hint});
  }
}

void CheckDescribed(const std::filesystem::path& npy, const Json& description) {
  const MappedFile file(npy);
  const NpyHeader header = ParseNpyHeader(file.bytes(), npy.string());
  const auto size = static_cast<size_t>(header.data_offset);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), size);
  // The hash is of the values alone; of the header there is one form.
  if (text != FormatNpyHeader("<f4", header.shape))
    ThrowDamaged(npy.string(), "a header as murine writes it", "another");
  const Json stored = description.value("sha256", Json());
  const std::string found = Sha256().Add(file.bytes().subspan(size)).Hex();
  if (stored != found)
    ThrowDamaged(npy.string(), stored.is_string() ? stored.get<std::string>() : "a hash", found);
}

void CheckIfDescribed(const std::filesystem::path& npy) {
  const std::filesystem::path json = std::filesystem::path(npy).replace_extension(".json");
  std::error_code ignored;
  if (json == npy || !std::filesystem::is_regular_file(json, ignored)) return;
  const std::string text = ReadFile(json);
  if (text.find(kBeforeDigits) == std::string::npos) return;
  const CheckedJson checked = ParseHashedJson(text, json.string());
  if (checked.value.contains("sha256")) CheckDescribed(npy, checked.value);
}

}  // namespace murine
