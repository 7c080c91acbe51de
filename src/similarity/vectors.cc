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

struct Moments {
  std::vector<double> mean, variance;  // [dimension], over images
};

enum class Wanted { kMean, kVariance };

// In the order of the images whatever the number of threads: the same bits.
Moments MeasureMoments(const Rows& rows, Wanted wanted) {
  Moments moments{std::vector<double>(static_cast<size_t>(rows.dimensions)), {}};
  if (wanted == Wanted::kVariance) moments.variance.resize(moments.mean.size());
  const auto n = static_cast<double>(rows.images);
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < rows.dimensions; first += kColumns) {
    const int64_t count = std::min(kColumns, rows.dimensions - first);
    double* mean = moments.mean.data() + first;
    for (int64_t i = 0; i < rows.images; ++i)
      for (int64_t k = 0; k < count; ++k) mean[k] += rows.row(i)[first + k];
    for (int64_t k = 0; k < count; ++k) mean[k] /= n;
    if (wanted == Wanted::kMean) continue;
    double* variance = moments.variance.data() + first;
    for (int64_t i = 0; i < rows.images; ++i)
      for (int64_t k = 0; k < count; ++k) {
        const double difference = rows.row(i)[first + k] - mean[k];
        variance[k] += difference * difference;
      }
    for (int64_t k = 0; k < count; ++k) variance[k] /= n;
  }
  return moments;
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

Squares Score(std::span<float> row, const Moments& moments, const std::vector<double>& scale) {
  const auto count = static_cast<int64_t>(row.size());
  for (int64_t k = 0; k < count; ++k) row[k] = static_cast<float>((row[k] - moments.mean[k]) * scale[k]);
  const double before = SquareOf(row);
  const double mean = Sum(count, [&](int64_t k) { return row[k]; }) / static_cast<double>(count);
  for (float& value : row) value = static_cast<float>(value - mean);
  return {before, SquareOf(row)};
}

// Centres the row and scales it to unit length; false where it has no direction.
bool ToUnit(std::span<float> row, Centering centering, const Moments& moments,
            const std::vector<double>& scale) {
  const Squares squares = centering == Centering::kImageMean ? SubtractMean(row, moments.mean)
                          : centering == Centering::kZscore  ? Score(row, moments, scale)
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

void Fill(const ImageVectors& vectors, VectorStore& store) {
  std::vector<int64_t> place(vectors.order.size());
  for (size_t p = 0; p < place.size(); ++p) place[vectors.order[p]] = static_cast<int64_t>(p);
  Progress progress("vectors of " + vectors.name, store.images(), "images");
  std::vector<float> block;
  for (int64_t first = 0; first < store.images(); first += kBlock) {
    if (InterruptRequested()) ThrowInterrupted("no vectors were kept");
    const int64_t last = std::min(first + kBlock, store.images());
    const auto size = static_cast<size_t>((last - first) * store.dimensions());
    if (place.empty()) {
      vectors.fill(first, last, {store.row(first), size});
    } else {
      block.resize(size);
      vectors.fill(first, last, block);
      for (int64_t i = first; i < last; ++i)
        std::copy_n(block.data() + (i - first) * store.dimensions(), store.dimensions(), store.row(place[i]));
    }
    for (int64_t i = first; i < last; ++i) {
      const float* row = store.row(place.empty() ? i : place[i]);
      if (!Finite({row, static_cast<size_t>(store.dimensions())}))
        throw Error(
            {.what = "not a number in the vectors", .where = fmt::format("{}, image {}", vectors.name, i)});
    }
    progress.Update(last);
  }
}

void AddNoise(const ImageVectors& vectors, VectorStore& store) {
  const Moments moments = MeasureMoments(store, Wanted::kVariance);
  const double ratio = std::sqrt((1 - vectors.reliability) / vectors.reliability);
  std::vector<float> sigma;
  for (const double variance : moments.variance)
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
  Fill(vectors, store);
  if (vectors.reliability < 1) AddNoise(vectors, store);
  const Centering centering = vectors.centering;
  const Wanted wanted = centering == Centering::kZscore ? Wanted::kVariance : Wanted::kMean;
  const Moments moments = centering == Centering::kNone ? Moments() : MeasureMoments(store, wanted);
  std::vector<double> scale;
  for (size_t k = 0; k < moments.variance.size(); ++k) {
    if (Constant(moments.variance[k], moments.mean[k]))
      throw Error({.what = "a neuron that never varies has no z-score",
                   .where = fmt::format("{}, neuron {}", vectors.name, k),
                   .hint = "leave it out, or use --vectors weighted"});
    scale.push_back(1 / std::sqrt(moments.variance[k]));
  }
  std::vector<char> has_direction(static_cast<size_t>(store.images()));
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < store.images(); ++i)
    has_direction[i] =
        ToUnit({store.row(i), static_cast<size_t>(store.dimensions())}, centering, moments, scale);
  const auto fault = std::find(has_direction.begin(), has_direction.end(), char{0});
  if (fault != has_direction.end())
    throw Error({.what = "an image whose vector equals the mean has no direction",
                 .where = fmt::format("{}, image {}", vectors.name, fault - has_direction.begin()),
                 .hint = "are all images or all responses the same?"});
}

}  // namespace murine
