// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>

#include "io/ndarray.h"
#include "similarity/similarity.h"
#include "similarity/vectors.h"

namespace murine {

// e_i: rows [images, dimensions] with the mean over images subtracted, scaled to unit length.
// Errors: fewer than two images, NaN, an image whose vector is the mean itself; `what` names the vectors.
NdArray<float> UnitVectors(NdArray<float> vectors, const std::string& what);

constexpr int64_t kTile = 512;

// Where S_ij of the rows top .. top + rows - 1 and columns left .. left + columns - 1 are; top <= left.
struct Tile {
  int64_t top = 0, left = 0, rows = 0, columns = 0;
};

int64_t TileCount(int64_t images);  // of the upper triangle
Tile TileAt(int64_t index, int64_t images);

// What to do with a tile: its values [rows, columns], whole also on the diagonal. `index` counts tiles, row
// of tiles by row. May change the values; called from several threads at once; false ends the work.
using TileSink = std::function<bool(int64_t index, const Tile& tile, std::span<float> values)>;

// S_ij = mean over scans of e_i . e_j by oneDNN's sgemm, tile by tile, from tile `first` on: tiles go to
// threads, so that the bits do not depend on how many there are. 1 on the diagonal, in [-1, 1].
void MultiplyTiles(std::span<const Rows> scans, int64_t first, const TileSink& sink);

// The whole matrix in memory.
SimilarityMatrix Similarity(std::span<const Rows> scans);
SimilarityMatrix Similarity(const NdArray<float>& unit_vectors);

}  // namespace murine
