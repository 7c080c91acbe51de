// SPDX-License-Identifier: Apache-2.0
#include "similarity/unit_vectors.h"

#include <dnnl.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "base/error.h"

namespace murine {
namespace {

constexpr int64_t kDepth = 1024;    // dimensions a product sums at a time: its operands stay in the cache
constexpr int64_t kDiagonal = 128;  // smallest block on the diagonal, half of which is computed for nothing

int64_t TilesAcross(int64_t images) { return (images + kTile - 1) / kTile; }

struct Operand {
  const float* values;
  int64_t stride;
};

// values [rows, columns; stride kTile] (+)= share a b'.
void Multiply(Operand a, int64_t rows, Operand b, int64_t columns, int64_t depth, float share, float keep,
              float* values) {
  const dnnl_status_t status = dnnl_sgemm('N', 'T', rows, columns, depth, share, a.values, a.stride, b.values,
                                          b.stride, keep, values, kTile);
  if (status != dnnl_success) throw Error({.what = "oneDNN could not multiply the vectors"});
}

// Its upper triangle, and of the lower one no more than the smallest blocks bring along.
void MultiplyDiagonal(Operand a, int64_t rows, int64_t depth, float share, float keep, float* values) {
  if (rows <= kDiagonal) return Multiply(a, rows, a, rows, depth, share, keep, values);
  const int64_t half = (rows / 2 + 15) / 16 * 16;
  const Operand lower{a.values + half * a.stride, a.stride};
  MultiplyDiagonal(a, half, depth, share, keep, values);
  Multiply(a, half, lower, rows - half, depth, share, keep, values + half);
  MultiplyDiagonal(lower, rows - half, depth, share, keep, values + half * kTile + half);
}

void MultiplyTile(std::span<const Rows> scans, const Tile& tile, float* values) {
  float keep = 0;
  for (const Rows& scan : scans)
    for (int64_t k = 0; k < scan.dimensions; k += kDepth) {
      const int64_t depth = std::min(kDepth, scan.dimensions - k);
      const auto share = static_cast<float>(1 / static_cast<double>(scans.size()));
      const Operand a{scan.row(tile.top) + k, scan.dimensions}, b{scan.row(tile.left) + k, scan.dimensions};
      if (tile.top == tile.left)
        MultiplyDiagonal(a, tile.rows, depth, share, keep, values);
      else
        Multiply(a, tile.rows, b, tile.columns, depth, share, keep, values);
      keep = 1;
    }
}

// From rows of kTile values to rows of tile.columns; sums of rounded products may pass 1 by an ulp or two.
void Finish(const Tile& tile, std::span<float> values) {
  for (int64_t i = 0; i < tile.rows; ++i)
    for (int64_t j = 0; j < tile.columns; ++j)
      values[i * tile.columns + j] = std::clamp(values[i * kTile + j], -1.f, 1.f);
  if (tile.top != tile.left) return;
  for (int64_t i = 0; i < tile.rows; ++i) {
    values[i * tile.columns + i] = 1;
    for (int64_t j = 0; j < i; ++j) values[i * tile.columns + j] = values[j * tile.columns + i];
  }
}

}  // namespace

int64_t TileCount(int64_t images) {
  const int64_t across = TilesAcross(images);
  return across * (across + 1) / 2;
}

Tile TileAt(int64_t index, int64_t images) {
  const int64_t across = TilesAcross(images);
  int64_t row = 0;
  while (index >= across - row) index -= across - row++;
  const int64_t top = row * kTile, left = (row + index) * kTile;
  return {top, left, std::min(kTile, images - top), std::min(kTile, images - left)};
}

void MultiplyTiles(std::span<const Rows> scans, int64_t first, const TileSink& sink) {
  const int64_t images = scans.front().images, tiles = TileCount(images);
  std::atomic<bool> ended = false;
  std::exception_ptr fault;
#pragma omp parallel
  {
    std::vector<float> values(static_cast<size_t>(kTile * kTile));
#pragma omp for schedule(dynamic, 1)
    for (int64_t index = first; index < tiles; ++index) {
      if (ended) continue;
      try {
        const Tile tile = TileAt(index, images);
        MultiplyTile(scans, tile, values.data());
        Finish(tile, values);
        const auto size = static_cast<size_t>(tile.rows * tile.columns);
        if (!sink(index, tile, std::span(values).first(size))) ended = true;
      } catch (...) {  // no exception may leave the threads' region
#pragma omp critical(murine_tile_fault)
        if (!fault) fault = std::current_exception();
        ended = true;
      }
    }
  }
  if (fault) std::rethrow_exception(fault);
}

SimilarityMatrix Similarity(std::span<const Rows> scans) {
  const int64_t n = scans.front().images;
  SimilarityMatrix matrix{n, {}};
  matrix.values.reserve(static_cast<size_t>(n * n));
  UseLargePages(matrix.values.data(), n * n);
  matrix.values.resize(static_cast<size_t>(n * n));
  MultiplyTiles(scans, 0, [&](int64_t, const Tile& tile, std::span<float> values) {
    for (int64_t i = 0; i < tile.rows; ++i)
      std::copy_n(values.data() + i * tile.columns, tile.columns,
                  matrix.values.data() + (tile.top + i) * n + tile.left);
    if (tile.top == tile.left) return true;
    for (int64_t j = 0; j < tile.columns; ++j)
      for (int64_t i = 0; i < tile.rows; ++i)
        matrix.values[(tile.left + j) * n + tile.top + i] = values[i * tile.columns + j];
    return true;
  });
  return matrix;
}

SimilarityMatrix Similarity(const NdArray<float>& unit_vectors) {
  const Rows rows{unit_vectors.values.data(), unit_vectors.rows(), unit_vectors.row_size()};
  return Similarity(std::span(&rows, 1));
}

NdArray<float> UnitVectors(NdArray<float> vectors, const std::string& what) {
  const int64_t images = vectors.rows(), dimensions = vectors.row_size();
  VectorStore store(images, dimensions);
  MakeUnitVectors({.name = what,
                   .dimensions = dimensions,
                   .fill =
                       [&](int64_t first, int64_t last, std::span<float> out) {
                         std::copy_n(vectors.values.data() + first * dimensions, (last - first) * dimensions,
                                     out.data());
                       }},
                  store);
  std::copy_n(store.row(0), images * dimensions, vectors.values.data());
  return vectors;
}

}  // namespace murine
