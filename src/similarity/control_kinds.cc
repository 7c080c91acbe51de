// SPDX-License-Identifier: Apache-2.0
// Controls: what is left of a target when part of its structure is taken away.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "nn/tensor.h"
#include "similarity/kinds.h"

namespace murine {
namespace {

torch::Tensor Doubles(const SimilarityMatrix& matrix) {
  return ToTensor(matrix.values, {matrix.n, matrix.n}).to(torch::kFloat64);
}

// Eigenvalues of a correlation matrix, descending; what rounding leaves below 0 is 0, and they sum to n.
torch::Tensor Clean(const torch::Tensor& eigenvalues) {
  const torch::Tensor positive = eigenvalues.flip(0).clamp_min(0);
  return positive * (static_cast<double>(positive.numel()) / positive.sum().item<double>());
}

// Orthogonal, uniformly distributed (Haar): the QR factors of normal numbers, the signs of R taken into Q
// (Mezzadri 2007, arXiv math-ph/0609050).
torch::Tensor RandomOrthogonal(int64_t n, uint64_t seed) {
  const torch::Tensor normal = NormalTensor({n, n}, 1, RandomStream(seed, "orthogonal")).to(torch::kFloat64);
  const auto [q, r] = torch::linalg_qr(normal);
  return q * r.diagonal().sign();
}

double Dot(const double* a, const double* b, int64_t n) {
  double sum = 0;
  for (int64_t k = 0; k < n; ++k) sum += a[k] * b[k];
  return sum;
}

// Rotates rows i and j so that row i, which was too short, has length 1; j was too long.
void Rotate(double* i, double* j, double square_i, double square_j, int64_t n) {
  const double product = Dot(i, j, n);
  const double root = std::sqrt(product * product + (1 - square_i) * (square_j - 1));
  const double tangent = (1 - square_i) / (product + std::copysign(root, product));
  const double cosine = 1 / std::sqrt(1 + tangent * tangent), sine = tangent * cosine;
  for (int64_t k = 0; k < n; ++k) {
    const double x = i[k], y = j[k];
    i[k] = cosine * x + sine * y;
    j[k] = cosine * y - sine * x;
  }
}

// Gives every row of `vectors` [n, n], whose squares sum to n, length 1 by rotations of two rows: these leave
// the eigenvalues of the products as they are.
void RotateToUnitRows(torch::Tensor& vectors) {
  constexpr double kTolerance = 1e-12;
  const int64_t n = vectors.size(0);
  double* rows = vectors.data_ptr<double>();
  std::vector<double> squares;
  for (int64_t i = 0; i < n; ++i) squares.push_back(Dot(rows + i * n, rows + i * n, n));
  int64_t shorter = 0, longer = 0;
  while (true) {
    while (shorter < n && squares[shorter] >= 1 - kTolerance) ++shorter;
    while (longer < n && squares[longer] <= 1 + kTolerance) ++longer;
    if (shorter == n || longer == n) return;  // what is left over is rounding
    Rotate(rows + shorter * n, rows + longer * n, squares[shorter], squares[longer], n);
    squares[longer] += squares[shorter] - 1;
    squares[shorter] = 1;
    // the long row may have become too short, and stand before the place where short ones are looked for
    shorter = std::min(shorter, longer);
  }
}

ImageVectors FromTensor(const torch::Tensor& vectors, std::string name) {
  const auto rows = std::make_shared<NdArray<float>>(ToNdArray(vectors));
  return {.name = std::move(name),
          .dimensions = vectors.size(1),
          .fill =
              [rows](int64_t first, int64_t last, std::span<float> out) {
                const int64_t size = rows->row_size();
                std::copy_n(rows->values.data() + first * size, (last - first) * size, out.data());
              },
          .centering = Centering::kNone};
}

}  // namespace

// One draw in e leaves no image in its place.
std::vector<int64_t> Derangement(int64_t n, uint64_t seed) {
  for (uint64_t draw = 0;; ++draw) {
    std::vector<int64_t> order = RandomPermutation(n, RandomStream(seed, "shuffle", 0, draw));
    bool kept = false;
    for (int64_t i = 0; i < n; ++i) kept = kept || order[i] == i;
    if (!kept) return order;
  }
}

// Davies and Higham 2000 (doi 10.1023/A:1022384216930), after Bendel and Mickey 1978.
ImageVectors SpectrumVectors(const SimilarityMatrix& matrix, uint64_t seed) {
  const torch::Tensor eigenvalues = Clean(torch::linalg_eigvalsh(Doubles(matrix)));
  torch::Tensor vectors = (RandomOrthogonal(matrix.n, seed) * eigenvalues.sqrt()).contiguous();
  RotateToUnitRows(vectors);
  return FromTensor(vectors, "spectrum");
}

ImageVectors EigenVectors(const SimilarityMatrix& matrix, End end, double share) {
  const auto [ascending, columns] = torch::linalg_eigh(Doubles(matrix));
  torch::Tensor eigenvalues = Clean(ascending), vectors = columns.flip(1);
  if (end == End::kBottom) {
    eigenvalues = eigenvalues.flip(0);
    vectors = vectors.flip(1);
  }
  // Of the last eigenvalue as much as makes the share exact: the two ends then add up to the whole.
  const torch::Tensor before = eigenvalues.cumsum(0) - eigenvalues;
  const double wanted = share * static_cast<double>(matrix.n);
  const torch::Tensor kept = torch::minimum((wanted - before).clamp_min(0), eigenvalues);
  return FromTensor(vectors * kept.sqrt(), end == End::kTop ? "eigen-top" : "eigen-bottom");
}

}  // namespace murine
