// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "similarity/unit_vectors.h"

namespace murine {

// An npy matrix [n, n] of float32, written tile by tile beside its final name. It may be larger than memory.
// What is written survives a kill: the same `config` goes on from the tiles that were saved, each with its
// hash. One that does not fit it any more is named in the log, and made again with those after it.
class MatrixFile {
 public:
  // Errors: no room for the whole file, an unfinished one of another configuration, another process at it.
  MatrixFile(std::filesystem::path npy, int64_t n, Json config);
  ~MatrixFile();  // after an error: the unfinished file goes
  MatrixFile(const MatrixFile&) = delete;
  MatrixFile& operator=(const MatrixFile&) = delete;

  int64_t tiles_saved() const { return saved_; }
  // The tile `index` and, off the diagonal, its mirror image. Tiles may come from several threads.
  void Write(int64_t index, std::span<const float> values);
  void Save(int64_t tiles);  // the first `tiles` tiles are written
  void Keep() { keep_ = true; }
  // Writes the description with the values' hash beside it, then gives the matrix its name.
  void Commit(Json& description);

 private:
  struct Names {
    std::filesystem::path npy, unfinished, state;
  };
  MatrixFile(Names names, int64_t n, Json config);
  void Open();
  void GoOn(const Json& hashes);  // after the saved tiles that still fit their hashes
  void Allocate();
  bool Fits(const Tile& tile, const std::string& hash) const;
  void WriteAt(int64_t offset, std::span<const float> values);
  bool ReadAt(int64_t offset, std::span<float> values) const;

  Names names_;
  int64_t n_, saved_ = 0;
  Json config_;
  std::string header_;
  std::vector<std::string> hashes_;  // of the tiles' values
  int descriptor_ = -1;
  bool keep_ = true;  // what is there may be somebody else's
};

// Beside a finished matrix: the state that a process left which was killed at the very end of Commit.
void RemoveStateOfFinished(const std::filesystem::path& npy);

}  // namespace murine
