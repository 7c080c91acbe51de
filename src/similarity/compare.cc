// SPDX-License-Identifier: Apache-2.0
#include "similarity/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/progress.h"
#include "base/random.h"
#include "data/reliability.h"
#include "similarity/correlation.h"

namespace murine {
namespace {

void CheckSameSize(const SimilarityMatrix& a, const SimilarityMatrix& b) {
  if (a.n == b.n) return;
  throw Error({.what = "targets of different sizes cannot be compared",
               .expected = fmt::format("{0} x {0}", a.n),
               .got = fmt::format("{0} x {0}", b.n),
               .hint = "make both from the same stimuli"});
}

std::vector<double> Distances(std::vector<double> similarities) {
  for (double& value : similarities) value = 1 - value;
  return similarities;
}

// a' V^-1 b of distances, over the lengths that the same product gives.
double WhitenedCosine(std::span<const double> a, std::span<const double> b, int64_t n) {
  const auto product = [](std::span<const double> x, std::span<const double> y) {
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  };
  const std::vector<double> whitened_a = Whiten(a, n), whitened_b = Whiten(b, n);
  const double lengths = product(whitened_a, a) * product(whitened_b, b);
  return lengths > 0 ? product(whitened_a, b) / std::sqrt(lengths) : 0;
}

enum MeasureIndex { kPearson, kSpearman, kCosine, kWhitened, kMeasures };
constexpr std::array<const char*, kMeasures> kNames = {"pearson", "spearman", "cosine", "whitened_cosine"};
using Measures = std::array<double, kMeasures>;

// What a permutation leaves as it is, and what it needs: three sums of products.
class Permuter {
 public:
  Permuter(std::span<const double> a, std::span<const double> b, int64_t n)
      : mean_a_(Mean(a)), mean_b_(Mean(b)), pairs_(static_cast<double>(a.size())) {
    const std::vector<double> distance_a = Distances({a.begin(), a.end()});
    const std::vector<double> distance_b = Distances({b.begin(), b.end()});
    const std::vector<double> whitened = Whiten(distance_a, n), whitened_b = Whiten(distance_b, n);
    a_ = Centred(a, n);
    b_ = Centred(b, n);
    rank_a_ = Centred(Scaled(MeanRanks(a)), n);
    rank_b_ = Centred(Scaled(MeanRanks(b)), n);
    whitened_ = Centred(whitened, n);
    whitened_sum_ = std::accumulate(whitened.begin(), whitened.end(), 0.0);
    const auto length = [](std::span<const double> x, std::span<const double> y) {
      return std::sqrt(std::max(0.0, std::inner_product(x.begin(), x.end(), y.begin(), 0.0)));
    };
    lengths_ = {Spread(a_) * Spread(b_), Spread(rank_a_) * Spread(rank_b_), length(a, a) * length(b, b),
                length(whitened, distance_a) * length(whitened_b, distance_b)};
  }

  Measures At(std::span<const int64_t> order) const {
    const std::array<MatrixPair, 3> pairs{{{&a_, &b_}, {&whitened_, &b_}, {&rank_a_, &rank_b_}}};
    std::array<double, 3> sums{};
    PermutedProducts(pairs, order, sums);
    // The means that were taken off come back where the measure is of the values themselves; the distances'
    // sign is turned.
    const Measures products = {sums[0], sums[2], sums[0] + pairs_ * mean_a_ * mean_b_,
                               (1 - mean_b_) * whitened_sum_ - sums[1]};
    Measures measures{};
    for (size_t m = 0; m < kMeasures; ++m) measures[m] = lengths_[m] > 0 ? products[m] / lengths_[m] : 0;
    return measures;
  }

  // Pearson, Spearman and cosine where image i was drawn times[i] times; whitening has no such weights.
  std::array<double, 3> Drawn(std::span<const float> times) const {
    const WeightedSums values = Resampled({&a_, &b_}, times), ranks = Resampled({&rank_a_, &rank_b_}, times);
    return {Pearson(values), Pearson(ranks), CosineOf(values)};
  }

 private:
  static std::vector<double> Scaled(std::vector<double> ranks) {  // near 1: floats hold their sums better
    for (double& rank : ranks) rank /= static_cast<double>(ranks.size());
    return ranks;
  }
  static double Spread(const CentredMatrix& matrix) {
    double squares = 0;
    for (const float value : matrix.values) squares += double{value} * value;
    return std::sqrt(squares / 2);
  }
  static double Pearson(const WeightedSums& s) {
    const double variances = (s.aa - s.a * s.a / s.n) * (s.bb - s.b * s.b / s.n);
    return variances > 0 ? (s.ab - s.a * s.b / s.n) / std::sqrt(variances) : 0;
  }
  double CosineOf(const WeightedSums& s) const {
    const double ab = s.ab + mean_a_ * s.b + mean_b_ * s.a + s.n * mean_a_ * mean_b_;
    const double aa = s.aa + 2 * mean_a_ * s.a + s.n * mean_a_ * mean_a_;
    const double bb = s.bb + 2 * mean_b_ * s.b + s.n * mean_b_ * mean_b_;
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
  }

  CentredMatrix a_, b_, rank_a_, rank_b_, whitened_;
  double mean_a_, mean_b_, pairs_, whitened_sum_ = 0;
  Measures lengths_{};
};

void StopIfInterrupted() {
  if (InterruptRequested()) ThrowInterrupted();
}

// Every index once, on all threads.
template <class Use>
void ForEachDraw(const char* what, int64_t draws, const Use& use) {
  Progress progress(what, draws, "draws");
  int64_t done = 0;
#pragma omp parallel for schedule(static)
  for (int64_t k = 0; k < draws; ++k) {
    if (InterruptRequested()) continue;
    use(k);
#pragma omp critical(murine_draws)
    progress.Update(++done);
  }
  StopIfInterrupted();
}

Json Probabilities(const Permuter& permuter, int64_t n, const CompareOptions& options) {
  std::vector<int64_t> identity(static_cast<size_t>(n));
  std::iota(identity.begin(), identity.end(), 0);
  const Measures found = permuter.At(identity);
  std::vector<Measures> drawn(static_cast<size_t>(options.permutations));
  ForEachDraw("permutations", options.permutations, [&](int64_t k) {
    drawn[k] = permuter.At(
        RandomPermutation(n, RandomStream(options.seed, "permutation", 0, static_cast<uint64_t>(k))));
  });
  Json probabilities = Json::object();
  for (size_t m = 0; m < kMeasures; ++m) {
    const bool two_sided = m == kPearson || m == kSpearman;
    const auto size = [two_sided](double value) { return two_sided ? std::abs(value) : value; };
    int64_t as_large = 0;
    for (const Measures& each : drawn) as_large += size(each[m]) >= size(found[m]);
    probabilities[kNames[m]] =
        drawn.empty()
            ? Json(nullptr)
            : Json(static_cast<double>(1 + as_large) / static_cast<double>(1 + options.permutations));
  }
  return probabilities;
}

Json Intervals(const Permuter& permuter, int64_t n, const CompareOptions& options) {
  std::vector<std::array<double, 3>> drawn(static_cast<size_t>(options.bootstraps));
  ForEachDraw("bootstraps", options.bootstraps, [&](int64_t k) {
    RandomStream stream(options.seed, "bootstrap", 0, static_cast<uint64_t>(k));
    std::vector<float> times(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i) ++times[stream.Below(static_cast<uint64_t>(n))];
    drawn[k] = permuter.Drawn(times);
  });
  Json intervals = Json::object();
  for (size_t m = 0; m < 3; ++m) {
    std::vector<double> values;
    for (const auto& each : drawn) values.push_back(each[m]);
    std::sort(values.begin(), values.end());
    const auto quantile = [&](double share) -> Json {
      if (values.empty()) return nullptr;
      return Quantile(values, share);
    };
    intervals[kNames[m]] = {quantile(0.025), quantile(0.975)};
  }
  return intervals;
}

}  // namespace

Json Compare(const SimilarityMatrix& first, const SimilarityMatrix& second, const CompareOptions& options) {
  CheckSameSize(first, second);
  const int64_t n = first.n;
  const std::vector<double> a = UpperTriangle(first), b = UpperTriangle(second);
  const Permuter permuter(a, b, n);
  const Json probabilities = Probabilities(permuter, n, options);
  const Json intervals = Intervals(permuter, n, options);
  return {{"pearson", Correlation(a, b)},
          {"spearman", Correlation(MeanRanks(a), MeanRanks(b))},
          {"cosine", Cosine(a, b)},
          {"kendall_tau_a", KendallTauA(a, b)},
          {"whitened_cosine", WhitenedCosine(Distances(a), Distances(b), n)},
          {"p_value", probabilities["pearson"]},
          {"interval", intervals["pearson"]},
          {"p_values", probabilities},
          {"intervals", intervals},
          {"pairs", n * (n - 1) / 2}};
}

namespace {

// One subject's triangle, normalized for each measure so that their mean is the best there is for it.
struct Normalized {
  std::vector<double> values, ranks, cosine, whitened;

  Normalized(const SimilarityMatrix& matrix)
      : values(UpperTriangle(matrix)), ranks(MeanRanks(values)), cosine(values), whitened(Distances(values)) {
    const double mean = Mean(values);
    for (double& value : values) value -= mean;
    ToLength(values, Length(values, values));
    ToLength(cosine, Length(cosine, cosine));
    ToLength(whitened, Length(whitened, Whiten(whitened, matrix.n)));
  }
  void Add(const Normalized& other, double factor) {
    for (const auto& [mine, others] : {std::pair{&values, &other.values},
                                       {&ranks, &other.ranks},
                                       {&cosine, &other.cosine},
                                       {&whitened, &other.whitened}})
      for (size_t k = 0; k < mine->size(); ++k) (*mine)[k] += factor * (*others)[k];
  }
  // The measures between this and another, by name.
  Json With(const Normalized& other, int64_t n) const {
    return {{"pearson", Correlation(values, other.values)},
            {"spearman", Correlation(ranks, other.ranks)},
            {"cosine", Cosine(cosine, other.cosine)},
            {"kendall_tau_a", KendallTauA(ranks, other.ranks)},
            {"whitened_cosine", WhitenedCosine(whitened, other.whitened, n)}};
  }

 private:
  static double Length(std::span<const double> x, std::span<const double> y) {
    return std::sqrt(std::max(0.0, std::inner_product(x.begin(), x.end(), y.begin(), 0.0)));
  }
  static void ToLength(std::vector<double>& x, double length) {
    for (double& value : x) value /= length > 0 ? length : 1;
  }
};

}  // namespace

Json NoiseCeilings(const SimilarityMatrix& a, std::span<const std::string> subjects) {
  if (subjects.size() < 2)
    throw Error({.what = "noise ceilings need several subjects",
                 .expected = "at least 2 targets after --subjects",
                 .got = fmt::format("{}", subjects.size()),
                 .kind = ErrorKind::kUsage});
  // Read twice, so that no more than one is in memory.
  std::optional<Normalized> sum;
  for (const std::string& path : subjects) {
    const SimilarityMatrix matrix = ReadTarget(path).matrix;
    CheckSameSize(a, matrix);
    const Normalized subject(matrix);
    if (sum)
      sum->Add(subject, 1);
    else
      sum = subject;
  }
  const Normalized model(a);
  Json ceilings = Json::object();
  for (const std::string& path : subjects) {
    StopIfInterrupted();
    const Normalized subject(ReadTarget(path).matrix);
    Normalized others = *sum;
    others.Add(subject, -1);
    for (const auto& [key, measures] : {std::pair{"lower", subject.With(others, a.n)},
                                        {"upper", subject.With(*sum, a.n)},
                                        {"model", subject.With(model, a.n)}})
      for (const auto& [measure, value] : measures.items()) {
        Json& total = ceilings[measure][key];
        total = (total.is_null() ? 0.0 : total.get<double>()) +
                value.get<double>() / static_cast<double>(subjects.size());
      }
  }
  return ceilings;
}

Json CompareTargets(const std::filesystem::path& a, const std::filesystem::path& b,
                    const CompareOptions& options) {
  constexpr int64_t kMostDraws = 10'000'000;
  for (const auto& [draws, name] :
       {std::pair{options.permutations, "--permutations"}, {options.bootstraps, "--bootstraps"}})
    if (draws < 0 || draws > kMostDraws)
      throw Error({.what = name,
                   .expected = fmt::format("0 to {}", kMostDraws),
                   .got = fmt::format("{}", draws),
                   .kind = ErrorKind::kUsage});
  const SimilarityMatrix first = ReadTarget(a).matrix;
  Json result = Compare(first, ReadTarget(b).matrix, options);
  if (!options.subjects.empty()) result["noise_ceilings"] = NoiseCeilings(first, options.subjects);
  return result;
}

}  // namespace murine
