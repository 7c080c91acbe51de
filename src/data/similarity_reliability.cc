// SPDX-License-Identifier: Apache-2.0
#include "data/similarity_reliability.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.h"
#include "data/reliability.h"
#include "data/repeat_halves.h"

namespace murine {
namespace {

constexpr int64_t kMostImages = 200;  // 20,000 pairs say enough
// Halvings are many where they are cheap: one moves the score of 50 images by about 0.03.
constexpr int64_t kLeastHalvings = 10, kMostHalvings = 100;
constexpr double kProducts = 4e9;
constexpr size_t kLanes = 8;  // partial sums, so that the compiler can use vectors without reordering sums

using Vectors = std::vector<std::vector<float>>;  // [image][neuron]

double Product(const std::vector<float>& a, const std::vector<float>& b) {
  std::array<float, kLanes> sums{};
  size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  for (; i < a.size(); ++i) sums[0] += a[i] * b[i];
  double sum = 0;
  for (const float lane : sums) sum += lane;
  return sum;
}

void SubtractImageMean(Vectors& vectors) {
  for (size_t a = 0; a < vectors[0].size(); ++a) {
    double mean = 0;
    for (const auto& v : vectors) mean += v[a] / static_cast<double>(vectors.size());
    for (auto& v : vectors) v[a] -= static_cast<float>(mean);
  }
}

// Each neuron to standard deviation 1 over images (silent ones to 0), then each image to mean 0 over neurons.
void ZScore(Vectors& vectors) {
  const size_t neurons = vectors[0].size();
  for (size_t a = 0; a < neurons; ++a) {
    double squares = 0;
    for (const auto& v : vectors) squares += v[a] * v[a] / static_cast<double>(vectors.size());
    for (auto& v : vectors) v[a] = squares < 1e-20 ? 0 : static_cast<float>(v[a] / std::sqrt(squares));
  }
  for (auto& v : vectors) {
    double mean = 0;
    for (const float x : v) mean += x / static_cast<double>(neurons);
    for (float& x : v) x -= static_cast<float>(mean);
  }
}

// The products of the unit vectors of all pairs of images.
std::vector<double> UpperTriangle(const Vectors& vectors) {
  std::vector<double> lengths, products;
  for (const auto& v : vectors) lengths.push_back(std::sqrt(Product(v, v)));
  for (size_t i = 0; i < vectors.size(); ++i)
    for (size_t j = i + 1; j < vectors.size(); ++j) {
      const double scale = lengths[i] * lengths[j];
      products.push_back(scale == 0 ? 0 : Product(vectors[i], vectors[j]) / scale);
    }
  return products;
}

// Mean responses of both halves of one halving, the mean over images subtracted.
std::array<Vectors, 2> HalfMeans(const Recording& recording, const RepeatHalves& plan, size_t halving) {
  const auto neurons = static_cast<size_t>(recording.neurons());
  std::array<Vectors, 2> means;
  for (Vectors& half : means) half.assign(plan.images(), std::vector<float>(neurons, 0.0f));
  for (size_t i = 0; i < plan.images(); ++i) {
    const size_t taken = plan.half_first[i + 1] - plan.half_first[i];
    const auto chosen = std::span(plan.half[halving]).subspan(plan.half_first[i], taken);
    for (size_t k = plan.first[i]; k < plan.first[i + 1]; ++k) {
      const bool first = std::find(chosen.begin(), chosen.end(), k) != chosen.end();
      const auto share = 1 / static_cast<float>(first ? taken : plan.count(i) - taken);
      const auto response = recording.response(plan.trials[k]);
      std::vector<float>& mean = means[first ? 0 : 1][i];
      for (size_t a = 0; a < neurons; ++a) mean[a] += share * response[a];
    }
  }
  for (Vectors& half : means) SubtractImageMean(half);
  return means;
}

Repeats ChooseImages(Repeats repeats, uint64_t seed) {
  const auto count = static_cast<int64_t>(repeats.images.size());
  if (count <= kMostImages) return repeats;
  std::vector<int64_t> chosen = RandomPermutation(count, RandomStream(seed, "reliability/images"));
  chosen.resize(kMostImages);
  std::sort(chosen.begin(), chosen.end());
  Repeats some;
  for (const int64_t i : chosen) {
    some.images.push_back(repeats.images[i]);
    some.trials.push_back(std::move(repeats.trials[i]));
  }
  return some;
}

}  // namespace

SimilarityReliability MeasureSimilarityReliability(const Recording& recording, std::span<const double> w,
                                                   uint64_t seed) {
  SimilarityReliability result;
  const Repeats repeats = ChooseImages(RepeatedImages(recording), seed);
  const auto images = static_cast<int64_t>(repeats.images.size());
  if (images < 3 || recording.neurons() < 2) return result;
  result.images = images;
  const double products = static_cast<double>(3 * images * images * recording.neurons());
  const auto halvings = std::clamp(static_cast<int64_t>(kProducts / products), kLeastHalvings, kMostHalvings);
  const RepeatHalves plan = DrawHalves(repeats, static_cast<int>(halvings), seed);
  for (int64_t h = 0; h < halvings; ++h) {
    const auto score = [&](const auto& prepare) {
      std::array<Vectors, 2> halves = HalfMeans(recording, plan, static_cast<size_t>(h));
      for (Vectors& half : halves) prepare(half);
      return Correlation(UpperTriangle(halves[0]), UpperTriangle(halves[1])) / static_cast<double>(halvings);
    };
    result.unweighted += score([](Vectors&) {});
    result.weighted += score([&](Vectors& vectors) {
      for (auto& v : vectors)
        for (size_t a = 0; a < v.size(); ++a) v[a] *= static_cast<float>(w[a]);
    });
    result.zscored += score(ZScore);
  }
  return result;
}

}  // namespace murine
