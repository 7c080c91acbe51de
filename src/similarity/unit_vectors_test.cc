// SPDX-License-Identifier: Apache-2.0
#include "similarity/unit_vectors.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"

namespace murine {
namespace {

NdArray<float> RandomVectors(int64_t images, int64_t dimensions, uint64_t seed) {
  NdArray<float> vectors{{images, dimensions}, std::vector<float>(static_cast<size_t>(images * dimensions))};
  RandomStream(seed, "vectors").FillNormal(vectors.values, 1);
  for (float& value : vectors.values) value += 3;  // a mean to subtract
  return vectors;
}

// The definition in double precision: cosine of the mean-subtracted rows.
double Plain(const NdArray<float>& vectors, int64_t i, int64_t j) {
  const int64_t n = vectors.rows(), d = vectors.row_size();
  double product = 0, first = 0, second = 0;
  for (int64_t k = 0; k < d; ++k) {
    double mean = 0;
    for (int64_t m = 0; m < n; ++m) mean += vectors.values[m * d + k];
    mean /= static_cast<double>(n);
    const double a = vectors.values[i * d + k] - mean, b = vectors.values[j * d + k] - mean;
    product += a * b;
    first += a * a;
    second += b * b;
  }
  return product / std::sqrt(first * second);
}

TEST(Similarity, EqualsItsDefinition) {
  for (const auto& [images, dimensions] : {std::pair<int64_t, int64_t>{2, 3}, {33, 17}, {50, 200}}) {
    const NdArray<float> vectors = RandomVectors(images, dimensions, 4);
    const SimilarityMatrix matrix = Similarity(UnitVectors(vectors, "test"));
    for (int64_t i = 0; i < images; ++i) {
      EXPECT_EQ(matrix.at(i, i), 1);
      for (int64_t j = i + 1; j < images; ++j) {
        EXPECT_NEAR(matrix.at(i, j), Plain(vectors, i, j), 1e-6);
        EXPECT_EQ(matrix.at(i, j), matrix.at(j, i));
      }
    }
  }
}

TEST(Similarity, TilesMeetWithoutSeams) {
  const NdArray<float> unit = UnitVectors(RandomVectors(1100, 5, 1), "test");  // no multiple of a tile
  const SimilarityMatrix matrix = Similarity(unit);
  for (int64_t i = 0; i < 1100; i += 7)
    for (int64_t j = 0; j < 1100; j += 3) {
      double product = 0;
      for (int64_t k = 0; k < 5; ++k) product += double{unit.values[i * 5 + k]} * unit.values[j * 5 + k];
      EXPECT_NEAR(matrix.at(i, j), product, 2e-6);
    }
}

TEST(Similarity, TwoGroupsAreOpposite) {
  const SimilarityMatrix matrix = Similarity(UnitVectors({{4, 2}, {1, 0, 1, 0, 0, 1, 0, 1}}, "test"));
  EXPECT_NEAR(matrix.at(0, 1), 1, 1e-6);
  EXPECT_NEAR(matrix.at(0, 2), -1, 1e-6);
}

TEST(UnitVectors, RefusesWhatHasNoDirection) {
  EXPECT_THROW(UnitVectors({{1, 2}, {1, 2}}, "test"), Error);
  EXPECT_THROW(UnitVectors({{2, 2}, {1, 2, 1, 2}}, "test"), Error);
  EXPECT_THROW(UnitVectors({{3, 1}, {1, 2, 3}}, "test"), Error);  // the second is the mean
  EXPECT_THROW(UnitVectors({{2, 1}, {1, NAN}}, "test"), Error);
}

}  // namespace
}  // namespace murine
