// SPDX-License-Identifier: Apache-2.0
#include "similarity/vectors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/random.h"

namespace murine {
namespace {

constexpr int64_t kBlock = 64;     // images that are made at a time
constexpr int64_t kColumns = 512;  // dimensions whose moments a thread sums at a time
constexpr int kLanes = 8;          // partial sums that the compiler may add as vectors

// Calls visit(sums, value, k) for every value of rows first .. last - 1, `sums` [dimension]; in the order of
// the rows whatever the number of threads: the same bits.
template <class Visit>
void VisitColumns(const Rows& rows, int64_t first, int64_t last, std::vector<double>& sums,
                  const Visit& visit) {
#pragma omp parallel for schedule(static)
  for (int64_t left = 0; left < rows.dimensions; left += kColumns) {
    const int64_t right = std::min(left + kColumns, rows.dimensions);
    for (int64_t i = first; i < last; ++i)
      for (int64_t k = left; k < right; ++k) sums[k] += visit(rows.row(i)[k], k);
  }
}

void AddTo(std::vector<double>& sums, const Rows& rows, int64_t first, int64_t last) {
  VisitColumns(rows, first, last, sums, [](double value, int64_t) { return value; });
}

std::vector<double> MeansOf(std::vector<double> sums, int64_t images) {
  for (double& sum : sums) sum /= static_cast<double>(images);
  return sums;
}

std::vector<double> Means(const Rows& rows) {
  std::vector<double> sums(static_cast<size_t>(rows.dimensions));
  AddTo(sums, rows, 0, rows.images);
  return MeansOf(std::move(sums), rows.images);
}

std::vector<double> Variances(const Rows& rows, const std::vector<double>& mean) {
  std::vector<double> sums(mean.size());
  VisitColumns(rows, 0, rows.images, sums,
               [&](double value, int64_t k) { return (value - mean[k]) * (value - mean[k]); });
  return MeansOf(std::move(sums), rows.images);
}

// What rounding leaves of a constant is no variation.
bool Constant(double variance, double mean) { return !(variance > 1e-12 * mean * mean); }

template <class Value>
double Sum(int64_t count, const Value& value) {
  double lanes[kLanes] = {};
  int64_t k = 0;
  for (; k + kLanes <= count; k += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) lanes[lane] += value(k + lane);
  for (int lane = 0; k < count; ++k, ++lane) lanes[lane] += value(k);
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

struct Squares {
  double before = 0, after = 0;  // of the row's length, before and after it is centred
};

// Subtracts the means; one pass, for rows of many scans do not stay in the cache.
Squares SubtractMean(std::span<float> row, const std::vector<double>& mean) {
  double before[kLanes] = {}, after[kLanes] = {};
  const auto one = [&](size_t k, size_t lane) {
    const double value = row[k], centred = value - mean[k];
    before[lane] += value * value;
    after[lane] += centred * centred;
    row[k] = static_cast<float>(centred);
  };
  size_t k = 0;
  for (; k + kLanes <= row.size(); k += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) one(k + lane, lane);
  for (size_t lane = 0; k < row.size(); ++k, ++lane) one(k, lane);
  Squares squares;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    squares.before += before[lane];
    squares.after += after[lane];
  }
  return squares;
}

double SquareOf(std::span<const float> row) {
  return Sum(static_cast<int64_t>(row.size()), [&](int64_t k) { return double{row[k]} * row[k]; });
}

Squares Score(std::span<float> row, const std::vector<double>& means, const std::vector<double>& scale) {
  const auto count = static_cast<int64_t>(row.size());
  for (int64_t k = 0; k < count; ++k) row[k] = static_cast<float>((row[k] - means[k]) * scale[k]);
  const double before = SquareOf(row);
  const double mean = Sum(count, [&](int64_t k) { return row[k]; }) / static_cast<double>(count);
  for (float& value : row) value = static_cast<float>(value - mean);
  return {before, SquareOf(row)};
}

// Centres the row and scales it to unit length; false where it has no direction.
bool ToUnit(std::span<float> row, Centering centering, const std::vector<double>& means,
            const std::vector<double>& scale) {
  const Squares squares = centering == Centering::kImageMean ? SubtractMean(row, means)
                          : centering == Centering::kZscore  ? Score(row, means, scale)
                                                             : Squares{0, SquareOf(row)};
  // What rounding leaves of the mean itself is no direction.
  if (!(squares.after > 1e-12 * squares.before)) return false;
  const auto unit = static_cast<float>(1 / std::sqrt(squares.after));
  for (float& value : row) value *= unit;
  return true;
}

bool Finite(std::span<const float> row) {
  int faults = 0;
  for (const float value : row) faults |= !(std::abs(value) <= std::numeric_limits<float>::max());
  return faults == 0;
}

// A value that is not finite shows in the mean of its dimension.
void RefuseNotFinite(const ImageVectors& vectors, const Rows& rows, const std::vector<double>& means) {
  if (std::all_of(means.begin(), means.end(), [](double mean) { return std::isfinite(mean); })) return;
  for (int64_t place = 0; place < rows.images; ++place)
    if (!Finite({rows.row(place), static_cast<size_t>(rows.dimensions)}))
      throw Error({.what = "not a number in the vectors",
                   .where = fmt::format("{}, image {}", vectors.name,
                                        vectors.order.empty() ? place : vectors.order[place])});
}

// Gives the means, which are summed while a block is in the cache.
std::vector<double> Fill(const ImageVectors& vectors, VectorStore& store) {
  std::vector<int64_t> place(vectors.order.size());
  for (size_t p = 0; p < place.size(); ++p) place[vectors.order[p]] = static_cast<int64_t>(p);
  Progress progress("vectors of " + vectors.name, store.images(), "images");
  std::vector<float> block;
  std::vector<double> sums(static_cast<size_t>(store.dimensions()));
  for (int64_t first = 0; first < store.images(); first += kBlock) {
    if (InterruptRequested()) ThrowInterrupted();
    const int64_t last = std::min(first + kBlock, store.images());
    const auto size = static_cast<size_t>((last - first) * store.dimensions());
    if (place.empty()) {
      vectors.fill(first, last, {store.row(first), size});
      AddTo(sums, store, first, last);
    } else {
      block.resize(size);
      vectors.fill(first, last, block);
      for (int64_t i = first; i < last; ++i)
        std::copy_n(block.data() + (i - first) * store.dimensions(), store.dimensions(), store.row(place[i]));
      AddTo(sums, {block.data(), last - first, store.dimensions()}, 0, last - first);
    }
    progress.Update(last);
  }
  return MeansOf(std::move(sums), store.images());
}

void AddNoise(const ImageVectors& vectors, VectorStore& store, const std::vector<double>& means) {
  const double ratio = std::sqrt((1 - vectors.reliability) / vectors.reliability);
  std::vector<float> sigma;
  for (const double variance : Variances(store, means))
    sigma.push_back(static_cast<float>(ratio * std::sqrt(variance)));
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < store.images(); ++i) {
    std::vector<float> noise(static_cast<size_t>(store.dimensions()));
    RandomStream(vectors.noise_seed, "vector noise", vectors.scan, static_cast<uint64_t>(i))
        .FillNormal(noise, 1);
    for (int64_t k = 0; k < store.dimensions(); ++k) store.row(i)[k] += sigma[k] * noise[k];
  }
}

}  // namespace

void UseLargePages(float* values, int64_t count) {
  constexpr uintptr_t kLargePage = uintptr_t{1} << 21;
  const auto first = (reinterpret_cast<uintptr_t>(values) + kLargePage - 1) / kLargePage * kLargePage;
  const auto last = reinterpret_cast<uintptr_t>(values + count) / kLargePage * kLargePage;
  // advice: where the system has none, small pages do
  if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

VectorStore::VectorStore(int64_t images, int64_t dimensions)
    : images_(images),
      dimensions_(dimensions),
      values_(new float[static_cast<size_t>(images * dimensions)], [](float* values) { delete[] values; }) {
  UseLargePages(values_.get(), images * dimensions);
}

VectorStore::VectorStore(int64_t images, int64_t dimensions, const std::filesystem::path& scratch)
    : images_(images), dimensions_(dimensions) {
  const auto bytes = static_cast<size_t>(images * dimensions) * sizeof(float);
  std::FILE* file = std::fopen(scratch.c_str(), "wx+");
  if (file == nullptr) throw Error({.what = "cannot make a scratch file", .where = scratch.string()});
  std::filesystem::remove(scratch);  // it lives on while it is mapped
  const bool allocated = posix_fallocate(fileno(file), 0, static_cast<off_t>(bytes)) == 0;
  void* mapped =
      allocated ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0) : MAP_FAILED;
  std::fclose(file);
  if (mapped == MAP_FAILED)
    throw Error({.what = "no room for a scratch file of vectors",
                 .where = scratch.string(),
                 .expected = fmt::format("{} bytes", bytes),
                 .hint = "free some space, or give more --max-memory"});
  values_ = {static_cast<float*>(mapped), [bytes](float* values) { munmap(values, bytes); }};
}

void MakeUnitVectors(const ImageVectors& vectors, VectorStore& store) {
  if (store.images() < 2)
    throw Error({.what = "too few images",
                 .where = vectors.name,
                 .expected = "at least 2",
                 .got = fmt::format("{}", store.images())});
  std::vector<double> means = Fill(vectors, store);
  RefuseNotFinite(vectors, store, means);
  if (vectors.reliability < 1) {
    AddNoise(vectors, store, means);
    means = Means(store);
  }
  std::vector<double> scale;
  if (vectors.centering == Centering::kZscore)
    for (const double variance : Variances(store, means)) {
      if (Constant(variance, means[scale.size()]))
        throw Error({.what = "a neuron that never varies has no z-score",
                     .where = fmt::format("{}, neuron {}", vectors.name, scale.size()),
                     .hint = "leave it out, or use --vectors weighted"});
      scale.push_back(1 / std::sqrt(variance));
    }
  std::vector<char> has_direction(static_cast<size_t>(store.images()));
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < store.images(); ++i)
    has_direction[i] =
        ToUnit({store.row(i), static_cast<size_t>(store.dimensions())}, vectors.centering, means, scale);
  const auto fault = std::find(has_direction.begin(), has_direction.end(), char{0});
  if (fault != has_direction.end())
    throw Error({.what = "an image whose vector equals the mean has no direction",
                 .where = fmt::format("{}, image {}", vectors.name, fault - has_direction.begin()),
                 .hint = "are all images or all responses the same?"});
}

}  // namespace murine
