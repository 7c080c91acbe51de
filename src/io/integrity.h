// SPDX-License-Identifier: Apache-2.0
// Hashes (SHA-256) inside or beside everything that murine writes and reads again. A file that carries one
// and does not fit it is refused; one from elsewhere carries none, which is said.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace murine {

// Error: `where`, the hash it carries and that of its content, and what to do.
[[noreturn]] void ThrowDamaged(const std::string& where, const std::string& stored, const std::string& found);
// To the log: a file from elsewhere is taken as it is.
void SayUnhashed(const std::filesystem::path& path);

std::string FileHash(const std::filesystem::path& path);  // mapped, so of any size

// An object as indented text whose last entry, "file_sha256", is the hash of the text with these 64 digits
// read as '0'.
std::string FormatHashedJson(const Json& object);
enum class Hashed { kNo, kYes };
struct CheckedJson {
  Json value;  // without that entry
  Hashed hashed = Hashed::kNo;
};
// Errors: malformed, or other than its hash says; also where that entry's name alone was damaged.
CheckedJson ParseHashedJson(std::string_view text, const std::string& where);

// One line {"sha256":"...","line":...} of an unfinished file, with its newline; and such lines read again. A
// last line cut short by a kill is dropped.
std::string FormatHashedLine(const Json& line);
void AppendText(const std::filesystem::path& path, std::string_view text);  // and flushes it
std::vector<Json> ReadHashedLines(const std::filesystem::path& path);

// Of files that belong to a result and are called `result` + suffix: {suffix: hash}.
Json HashesBeside(const std::filesystem::path& result, std::span<const std::string> suffixes);
enum class Missing { kRefuse, kAccept };
// Errors: one is damaged, or missing where that is refused. `stored` is what HashesBeside gave; null for
// results that have none.
void CheckBeside(const std::filesystem::path& result, const Json& stored, Missing missing);

// Error: the array is not what its description's "sha256" (of the values) and a header of murine's say.
void CheckDescribed(const std::filesystem::path& npy, const Json& description);
// The same for an array that has such a description beside it; nothing else is looked at.
void CheckIfDescribed(const std::filesystem::path& npy);

}  // namespace murine
