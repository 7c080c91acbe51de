// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace murine {

// The whole file. Errors: missing, a folder, unreadable, larger than `most_bytes`.
std::string ReadFile(const std::filesystem::path& path, int64_t most_bytes = int64_t{1} << 36);

// Writes beside the final name and renames on Commit, so that a reader never sees half of a file and a
// failure harms nothing that was there. Every failed or short write throws.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);  // makes missing parent folders
  ~AtomicFile();                                    // without Commit: the unfinished file goes
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void Write(std::span<const std::byte> bytes);
  void Write(std::string_view text);
  void Commit();  // fsync, rename, fsync of the folder

 private:
  std::filesystem::path path_, unfinished_;
  int descriptor_;
};

// Throws Error where nothing can be written beside `path`: to be told before the work, and not after it.
void RequireWritable(const std::filesystem::path& path);

void WriteFileAtomically(const std::filesystem::path& path, std::string_view text);

// Is the open file the one of that name still? Another process may have renamed or removed it since.
bool IsFileOfName(int descriptor, const std::filesystem::path& name);

// A file read through memory mapping; its bytes live as long as the object.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace murine
