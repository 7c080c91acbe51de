// SPDX-License-Identifier: Apache-2.0
#include "data/similarity_reliability.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/random.h"
#include "data/reliability.h"
#include "data/tiny_recording.h"

namespace murine::similarity_reliability_test {

constexpr uint64_t kSeed = 4;

Recording Noisy(int64_t images, int64_t repeats, int64_t neurons, double noise) {
  return MakeTinyRecording(
      std::vector<int64_t>(images, repeats), neurons, [=](int64_t image, int64_t repeat, int64_t neuron) {
        return 5 + RandomStream(kSeed, "signal", neuron, image).Normal() +
               noise * RandomStream(kSeed, "noise", neuron, image * 64 + repeat).Normal();
      });
}

using Matrix = std::vector<std::vector<double>>;  // [image][neuron]

std::vector<double> Pairs(const Matrix& x) {
  std::vector<double> pairs;
  for (size_t i = 0; i < x.size(); ++i)
    for (size_t j = i + 1; j < x.size(); ++j) {
      double ij = 0, ii = 0, jj = 0;
      for (size_t a = 0; a < x[i].size(); ++a) {
        ij += x[i][a] * x[j][a];
        ii += x[i][a] * x[i][a];
        jj += x[j][a] * x[j][a];
      }
      pairs.push_back(ij / std::sqrt(ii * jj));
    }
  return pairs;
}

// Two repeats have one halving: the definition once more, in double.
TEST(SimilarityReliability, BruteForce) {
  const int64_t images = 9, neurons = 5;
  const Recording recording = Noisy(images, 2, neurons, 0.7);
  const std::vector<double> w = {0.5, 1, 2, 0, 3};
  Matrix half[3][2];
  for (int kind = 0; kind < 3; ++kind)
    for (int h = 0; h < 2; ++h) {
      Matrix x(images, std::vector<double>(neurons));
      for (int64_t i = 0; i < images; ++i)
        for (int64_t a = 0; a < neurons; ++a)
          x[i][a] = (kind == 0 ? w[a] : 1) * recording.response(h * images + i)[a];
      for (int64_t a = 0; a < neurons; ++a) {
        double mean = 0, squares = 0;
        for (const auto& row : x) mean += row[a] / images;
        for (auto& row : x) squares += (row[a] -= mean) * row[a] / images;
        if (kind == 2)
          for (auto& row : x) row[a] /= std::sqrt(squares);
      }
      if (kind == 2)
        for (auto& row : x) {
          const double mean = Mean(row);
          for (double& value : row) value -= mean;
        }
      half[kind][h] = x;
    }
  const SimilarityReliability r = MeasureSimilarityReliability(recording, w, 0);
  EXPECT_EQ(r.images, images);
  EXPECT_NEAR(r.weighted, Correlation(Pairs(half[0][0]), Pairs(half[0][1])), 1e-5);
  EXPECT_NEAR(r.unweighted, Correlation(Pairs(half[1][0]), Pairs(half[1][1])), 1e-5);
  EXPECT_NEAR(r.zscored, Correlation(Pairs(half[2][0]), Pairs(half[2][1])), 1e-5);
}

TEST(SimilarityReliability, GoesFromNoneToOne) {
  const std::vector<double> w(40, 1);
  EXPECT_NEAR(MeasureSimilarityReliability(Noisy(40, 6, 40, 0), w, 0).unweighted, 1, 1e-5);
  EXPECT_NEAR(MeasureSimilarityReliability(Noisy(40, 6, 40, 1e4), w, 0).unweighted, 0, 0.1);
  const double some = MeasureSimilarityReliability(Noisy(40, 6, 40, 1), w, 0).unweighted;
  EXPECT_GT(some, 0.4);
  EXPECT_LT(some, 0.95);
}

TEST(SimilarityReliability, ManyImagesAreSampled) {
  const Recording recording = Noisy(230, 2, 30, 1);
  const SimilarityReliability r = MeasureSimilarityReliability(recording, std::vector<double>(30, 1), 0);
  EXPECT_EQ(r.images, 200);
  EXPECT_NEAR(r.unweighted, MeasureSimilarityReliability(recording, std::vector<double>(30, 1), 1).unweighted,
              0.05);
}

TEST(SimilarityReliability, TooLittle) {
  EXPECT_EQ(MeasureSimilarityReliability(Noisy(2, 4, 5, 1), std::vector<double>(5, 1), 0).images, 0);
  EXPECT_EQ(MeasureSimilarityReliability(Noisy(9, 1, 5, 1), std::vector<double>(5, 1), 0).images, 0);
  EXPECT_EQ(MeasureSimilarityReliability(Noisy(9, 4, 1, 1), std::vector<double>(1, 1), 0).images, 0);
}

}  // namespace murine::similarity_reliability_test
