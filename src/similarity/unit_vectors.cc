// SPDX-License-Identifier: Apache-2.0
#include "similarity/unit_vectors.h"

#include <dnnl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace murine {
namespace {

constexpr int64_t kTile = 512;

}  // namespace

NdArray<float> UnitVectors(NdArray<float> vectors, const std::string& what) {
  const int64_t images = vectors.rows(), dimensions = vectors.row_size();
  if (images < 2)
    throw Error({.what = "too few images",
                 .where = what,
                 .expected = "at least 2",
                 .got = fmt::format("{}", images)});
  std::vector<double> mean(static_cast<size_t>(dimensions), 0);
  for (int64_t i = 0; i < images; ++i)
    for (int64_t k = 0; k < dimensions; ++k) mean[k] += vectors.values[i * dimensions + k];
  for (double& value : mean) value /= static_cast<double>(images);
  for (int64_t i = 0; i < images; ++i) {
    float* row = vectors.values.data() + i * dimensions;
    double square = 0, size = 0;
    for (int64_t k = 0; k < dimensions; ++k) {
      const double value = row[k] - mean[k];
      square += value * value;
      size += static_cast<double>(row[k]) * row[k] + mean[k] * mean[k];
    }
    if (!std::isfinite(square))
      throw Error({.what = "not a number in the vectors", .where = fmt::format("{}, image {}", what, i)});
    if (square <= 1e-12 * size)
      throw Error({.what = "an image whose vector equals the mean has no direction",
                   .where = fmt::format("{}, image {}", what, i),
                   .hint = "are all images or all responses the same?"});
    const double scale = 1 / std::sqrt(square);
    for (int64_t k = 0; k < dimensions; ++k) row[k] = static_cast<float>((row[k] - mean[k]) * scale);
  }
  return vectors;
}

SimilarityMatrix Similarity(const NdArray<float>& unit_vectors) {
  const int64_t n = unit_vectors.rows(), dimensions = unit_vectors.row_size();
  SimilarityMatrix matrix{n, std::vector<float>(static_cast<size_t>(n * n))};
  const float* rows = unit_vectors.values.data();
  for (int64_t top = 0; top < n; top += kTile)
    for (int64_t left = top; left < n; left += kTile) {
      const dnnl_status_t status =
          dnnl_sgemm('N', 'T', std::min(kTile, n - top), std::min(kTile, n - left), dimensions, 1.f,
                     rows + top * dimensions, dimensions, rows + left * dimensions, dimensions, 0.f,
                     matrix.values.data() + top * n + left, n);
      if (status != dnnl_success) throw Error({.what = "oneDNN could not multiply the vectors"});
    }
  for (int64_t i = 0; i < n; ++i) {
    matrix.values[i * n + i] = 1;
    for (int64_t j = i + 1; j < n; ++j) {
      float& value = matrix.values[i * n + j];
      value = std::clamp(value, -1.f, 1.f);  // sums of rounded products may pass 1 by an ulp or two
      matrix.values[j * n + i] = value;
    }
  }
  return matrix;
}

}  // namespace murine
