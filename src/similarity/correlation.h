// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "similarity/similarity.h"

namespace murine {

// S_ij of i < j, row by row: n (n - 1) / 2 values.
std::vector<double> UpperTriangle(const SimilarityMatrix& matrix);

// Ranks from 1 on, ties sharing their mean rank.
std::vector<double> MeanRanks(std::span<const double> values);

// a . b / (|a| |b|); 0 where either is 0.
double Cosine(std::span<const double> a, std::span<const double> b);

// (concordant - discordant) / all pairs of values, in O(n log n): Knight 1966, doi 10.2307/2282833.
double KendallTauA(std::span<const double> a, std::span<const double> b);

// V^-1 d, where d is the upper triangle of distances between n images and V = (C C') o (C C') the covariance
// of their estimates under independent noise, C the contrasts of the pairs (Diedrichsen et al. 2020, arXiv
// 2007.02789). V is 4 on the diagonal and 1 where two pairs share an image, so that it has three eigenspaces:
// the mean (2 n), what each image adds to its pairs (n), and the rest (2). No matrix of pairs is made.
std::vector<double> Whiten(std::span<const double> distances, int64_t n);

// Two matrices [n, n] whose triangles have mean 0, as permutations and draws go over them.
struct CentredMatrix {
  int64_t n = 0;
  std::vector<float> values;  // symmetric, 0 on the diagonal
  const float* row(int64_t i) const { return values.data() + i * n; }
};
CentredMatrix Centred(std::span<const double> triangle, int64_t n);

// Sums over i < j of a_ij b_kl, where k and l are the images at i and j in the order `order`, for each pair
// (a, b); `sums` as long as `pairs`.
struct MatrixPair {
  const CentredMatrix* a;
  const CentredMatrix* b;
};
void PermutedProducts(std::span<const MatrixPair> pairs, std::span<const int64_t> order,
                      std::span<double> sums);

// Sums over i < j, each pair counted times[i] times[j] times.
struct WeightedSums {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
};
WeightedSums Resampled(const MatrixPair& pair, std::span<const float> times);

}  // namespace murine
