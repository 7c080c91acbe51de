// SPDX-License-Identifier: Apache-2.0
#include "similarity/unit_vectors.h"

#include <gmock/gmock.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "data/reliability.h"
#include "io/temporary_folder.h"

namespace murine::unit_vectors_test {

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

TEST(Similarity, OrthogonalVectorsHaveNone) {
  // +-e_1, +-e_2, +-e_3: their mean is 0
  NdArray<float> vectors{{6, 3}, std::vector<float>(18)};
  for (int64_t k = 0; k < 3; ++k) {
    vectors.values[2 * k * 3 + k] = 1;
    vectors.values[(2 * k + 1) * 3 + k] = -1;
  }
  const SimilarityMatrix matrix = Similarity(UnitVectors(vectors, "test"));
  for (int64_t i = 0; i < 6; ++i)
    for (int64_t j = 0; j < 6; ++j) EXPECT_EQ(matrix.at(i, j), i == j ? 1 : i / 2 == j / 2 ? -1 : 0);
}

// More dimensions than are summed at a time, several scans, and blocks on the diagonal of every size.
TEST(Similarity, IsTheMeanOverScansAtAnySize) {
  for (const int64_t images : {2, 127, 129, 300, 520, 700}) {
    const NdArray<float> first = UnitVectors(RandomVectors(images, 4100, 1), "test"),
                         second = UnitVectors(RandomVectors(images, 7, 2), "test");
    const std::vector<Rows> scans = {{first.values.data(), images, 4100}, {second.values.data(), images, 7}};
    const SimilarityMatrix matrix = Similarity(std::span<const Rows>(scans));
    const int64_t step = std::max<int64_t>(1, images / 40);
    for (int64_t i = 0; i < images; i += step)
      for (int64_t j = 0; j < images; ++j) {
        EXPECT_EQ(matrix.at(i, j), matrix.at(j, i));
        if (j % step != 0) continue;
        double product = 0;
        for (const Rows& scan : scans)
          for (int64_t k = 0; k < scan.dimensions; ++k)
            product += 0.5 * double{scan.row(i)[k]} * scan.row(j)[k];
        ASSERT_NEAR(matrix.at(i, j), i == j ? 1 : product, 2e-6) << images << ": " << i << " " << j;
      }
  }
}

TEST(Similarity, BitsDoNotDependOnThreads) {
  const int threads = omp_get_max_threads();
  std::vector<std::vector<float>> found;
  for (const int each : {1, 2, 5}) {
    omp_set_num_threads(each);
    found.push_back(Similarity(UnitVectors(RandomVectors(1100, 70, 3), "test")).values);
  }
  omp_set_num_threads(threads);
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[0], found[2]);
}

ImageVectors From(const NdArray<float>& vectors) {
  return {.name = "test",
          .dimensions = vectors.row_size(),
          .fill = [&vectors](int64_t first, int64_t last, std::span<float> out) {
            std::copy_n(vectors.values.data() + first * vectors.row_size(), out.size(), out.data());
            EXPECT_EQ(static_cast<int64_t>(out.size()), (last - first) * vectors.row_size());
          }};
}

// Each neuron z-scored over images, then Pearson across neurons.
TEST(MakeUnitVectors, ZscoreIsPearsonAcrossZscoredNeurons) {
  NdArray<float> vectors = RandomVectors(70, 30, 9);
  for (int64_t i = 0; i < 70; ++i)
    for (int64_t k = 0; k < 30; ++k) vectors.values[i * 30 + k] *= static_cast<float>(k + 1);  // of all sizes
  ImageVectors scored = From(vectors);
  scored.centering = Centering::kZscore;
  VectorStore store(70, 30);
  MakeUnitVectors(scored, store);
  const Rows rows = store;
  const SimilarityMatrix matrix = Similarity(std::span(&rows, 1));
  std::vector<std::vector<double>> z(70, std::vector<double>(30));
  for (size_t k = 0; k < 30; ++k) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < 70; ++i) mean += vectors.values[i * 30 + k] / 70.0;
    for (size_t i = 0; i < 70; ++i) square += std::pow(vectors.values[i * 30 + k] - mean, 2) / 70;
    for (size_t i = 0; i < 70; ++i) z[i][k] = (vectors.values[i * 30 + k] - mean) / std::sqrt(square);
  }
  for (int64_t i = 0; i < 70; ++i)
    for (int64_t j = i + 1; j < 70; ++j) EXPECT_NEAR(matrix.at(i, j), Correlation(z[i], z[j]), 1e-6);
}

// Two draws of noise correlate as the reliability says.
TEST(MakeUnitVectors, NoiseHasTheReliabilityAskedFor) {
  NdArray<float> vectors = RandomVectors(4000, 13, 5);
  // a constant dimension that dwarfs the others keeps their scale when vectors are given length 1
  for (int64_t i = 0; i < 4000; ++i) vectors.values[i * 13 + 12] = 1000;
  std::vector<VectorStore> draws;
  for (const uint64_t seed : {1, 2}) {
    ImageVectors noisy = From(vectors);
    noisy.reliability = 0.3;
    noisy.noise_seed = seed;
    noisy.centering = Centering::kNone;
    draws.emplace_back(4000, 13);
    MakeUnitVectors(noisy, draws.back());
  }
  double mean = 0;
  for (int64_t k = 0; k < 12; ++k) {
    std::vector<double> a, b;
    for (int64_t i = 0; i < 4000; ++i) {
      a.push_back(draws[0].row(i)[k]);
      b.push_back(draws[1].row(i)[k]);
    }
    mean += Correlation(a, b) / 12;
  }
  EXPECT_NEAR(mean, 0.3, 0.03);
}

TEST(MakeUnitVectors, AScratchFileHoldsTheSame) {
  const TemporaryFolder folder;
  const NdArray<float> vectors = RandomVectors(150, 20, 5);
  VectorStore in_memory(150, 20), in_file(150, 20, folder / "scratch");
  MakeUnitVectors(From(vectors), in_memory);
  MakeUnitVectors(From(vectors), in_file);
  EXPECT_TRUE(std::equal(in_memory.row(0), in_memory.row(150), in_file.row(0)));
  EXPECT_TRUE(std::filesystem::is_empty(folder / "."));
  EXPECT_THROW(VectorStore(10, 10, folder / "absent/scratch"), Error);
}

TEST(MakeUnitVectors, AnOrderPutsImagesInOthersPlaces) {
  const NdArray<float> vectors = RandomVectors(130, 6, 5);
  VectorStore plain(130, 6), ordered(130, 6);
  MakeUnitVectors(From(vectors), plain);
  ImageVectors turned = From(vectors);
  turned.order = RandomPermutation(130, RandomStream(4, "order"));
  MakeUnitVectors(turned, ordered);
  for (int64_t p = 0; p < 130; ++p)
    for (int64_t k = 0; k < 6; ++k) EXPECT_NEAR(ordered.row(p)[k], plain.row(turned.order[p])[k], 1e-6);
}

TEST(MakeUnitVectors, NamesTheImageOrNeuronAtFault) {
  NdArray<float> vectors = RandomVectors(100, 5, 5);
  vectors.values[71 * 5 + 2] = NAN;
  VectorStore store(100, 5);
  EXPECT_THAT(MessageOf([&] { MakeUnitVectors(From(vectors), store); }),
              testing::AllOf(testing::HasSubstr("not a number"), testing::HasSubstr("image 71")));
  vectors.values[71 * 5 + 2] = INFINITY;
  EXPECT_THAT(MessageOf([&] { MakeUnitVectors(From(vectors), store); }), testing::HasSubstr("image 71"));
  for (int64_t i = 0; i < 100; ++i) vectors.values[i * 5 + 2] = 0.1f;
  ImageVectors scored = From(vectors);
  scored.centering = Centering::kZscore;
  EXPECT_THAT(MessageOf([&] { MakeUnitVectors(scored, store); }), testing::HasSubstr("neuron 2"));
}

TEST(UnitVectors, RefusesWhatHasNoDirection) {
  EXPECT_THROW(UnitVectors({{1, 2}, {1, 2}}, "test"), Error);
  EXPECT_THROW(UnitVectors({{2, 2}, {1, 2, 1, 2}}, "test"), Error);
  EXPECT_THROW(UnitVectors({{3, 1}, {1, 2, 3}}, "test"), Error);  // the second is the mean
  EXPECT_THROW(UnitVectors({{2, 1}, {1, NAN}}, "test"), Error);
}

}  // namespace murine::unit_vectors_test
