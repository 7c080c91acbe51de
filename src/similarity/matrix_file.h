// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "base/json.h"
#include "similarity/unit_vectors.h"

namespace murine {

// An npy matrix [n, n] of float32, written tile by tile beside its final name. It may be larger than memory.
// What is written survives a kill: the same `config` goes on from the tiles that were saved.
class MatrixFile {
 public:
  // Errors: no room for the whole file, an unfinished one of another configuration, another process at it.
  MatrixFile(std::filesystem::path npy, int64_t n, Json config);
  ~MatrixFile();  // after an error: the unfinished file goes
  MatrixFile(const MatrixFile&) = delete;
  MatrixFile& operator=(const MatrixFile&) = delete;

  int64_t tiles_saved() const { return saved_; }
  // The tile and, off the diagonal, its mirror image. Tiles may come from several threads.
  void Write(const Tile& tile, std::span<const float> values);
  void Save(int64_t tiles);  // the first `tiles` tiles are written
  void Keep() { keep_ = true; }
  // Writes the description with the values' hash beside it, then gives the matrix its name.
  void Commit(Json& description);

 private:
  void WriteAt(int64_t offset, std::span<const float> values);

  std::filesystem::path npy_, unfinished_, state_;
  int64_t n_, header_bytes_ = 0, saved_ = 0;
  Json config_;
  int descriptor_ = -1;
  bool keep_ = false;
};

}  // namespace murine
