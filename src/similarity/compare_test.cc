// SPDX-License-Identifier: Apache-2.0
#include "similarity/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/random.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "similarity/correlation.h"

namespace murine::compare_test {

SimilarityMatrix RandomMatrix(int64_t n, uint64_t seed, const SimilarityMatrix* like = nullptr,
                              double share = 0) {
  SimilarityMatrix matrix{n, std::vector<float>(static_cast<size_t>(n * n), 1)};
  RandomStream stream(seed, "matrix");
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j) {
      const double own = stream.Uniform(-1, 1);
      const double value = like ? share * like->at(i, j) + (1 - share) * own : own;
      matrix.values[i * n + j] = matrix.values[j * n + i] =
          static_cast<float>(std::round(value * 20) / 20);  // ties
    }
  return matrix;
}

std::vector<double> Triangle(const SimilarityMatrix& matrix) {
  std::vector<double> values;
  for (int64_t i = 0; i < matrix.n; ++i)
    for (int64_t j = i + 1; j < matrix.n; ++j) values.push_back(matrix.at(i, j));
  return values;
}

double PlainPearson(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / n;
    mean_b += b[i] / n;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

// Rank by counting: how many lie below, and half of those that tie.
std::vector<double> PlainRanks(const std::vector<double>& values) {
  std::vector<double> ranks;
  for (const double x : values) {
    double below = 0, same = 0;
    for (const double y : values) {
      below += y < x;
      same += y == x;
    }
    ranks.push_back(below + same / 2);
  }
  return ranks;
}

double PlainCosine(const std::vector<double>& a, const std::vector<double>& b) {
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    aa += a[i] * a[i];
    bb += b[i] * b[i];
    ab += a[i] * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

double PlainTau(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0, pairs = 0;
  const auto sign = [](double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; };
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = i + 1; j < a.size(); ++j) {
      sum += sign(a[i] - a[j]) * sign(b[i] - b[j]);
      pairs += 1;
    }
  return sum / pairs;
}

// x with V x = d, by elimination; V = (C C') o (C C') written out, C the contrasts of all pairs.
std::vector<double> PlainWhiten(const std::vector<double>& d, int64_t n) {
  std::vector<std::vector<double>> contrasts, v;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j) {
      contrasts.emplace_back(n);
      contrasts.back()[i] = 1;
      contrasts.back()[j] = -1;
    }
  const size_t pairs = contrasts.size();
  for (size_t p = 0; p < pairs; ++p) {
    v.emplace_back(pairs + 1);
    for (size_t q = 0; q < pairs; ++q) {
      double product = 0;
      for (int64_t i = 0; i < n; ++i) product += contrasts[p][i] * contrasts[q][i];
      v[p][q] = product * product;
    }
    v[p][pairs] = d[p];
  }
  for (size_t p = 0; p < pairs; ++p)
    for (size_t q = 0; q < pairs; ++q) {
      if (q == p) continue;
      const double factor = v[q][p] / v[p][p];
      for (size_t k = p; k <= pairs; ++k) v[q][k] -= factor * v[p][k];
    }
  std::vector<double> x;
  for (size_t p = 0; p < pairs; ++p) x.push_back(v[p][pairs] / v[p][p]);
  return x;
}

double PlainWhitenedCosine(std::vector<double> a, std::vector<double> b, int64_t n) {
  for (std::vector<double>* each : {&a, &b})
    for (double& value : *each) value = 1 - value;
  const auto product = [n](const std::vector<double>& x, const std::vector<double>& y) {
    const std::vector<double> whitened = PlainWhiten(x, n);
    double sum = 0;
    for (size_t k = 0; k < x.size(); ++k) sum += whitened[k] * y[k];
    return sum;
  };
  return product(a, b) / std::sqrt(product(a, a) * product(b, b));
}

TEST(Compare, EqualsItsDefinitions) {
  const SimilarityMatrix a = RandomMatrix(17, 1), b = RandomMatrix(17, 2, &a, 0.5);
  const Json result = Compare(a, b, {});
  const auto x = Triangle(a), y = Triangle(b);
  EXPECT_NEAR(result["pearson"].get<double>(), PlainPearson(x, y), 1e-6);
  EXPECT_NEAR(result["spearman"].get<double>(), PlainPearson(PlainRanks(x), PlainRanks(y)), 1e-6);
  EXPECT_NEAR(result["cosine"].get<double>(), PlainCosine(x, y), 1e-6);
  EXPECT_NEAR(result["kendall_tau_a"].get<double>(), PlainTau(x, y), 1e-6);
  EXPECT_NEAR(result["whitened_cosine"].get<double>(), PlainWhitenedCosine(x, y, 17), 1e-6);
  EXPECT_NE(PlainWhitenedCosine(x, y, 17), PlainCosine(x, y));
  EXPECT_EQ(result["pairs"], 136);
  EXPECT_LT(result["interval"][0].get<double>(), result["pearson"].get<double>());
  EXPECT_GT(result["interval"][1].get<double>(), result["pearson"].get<double>());
  EXPECT_NEAR(result["p_value"].get<double>(), 1.0 / 1001, 1e-12);
}

TEST(Compare, FewImagesHaveAllMeasuresToo) {
  for (const int64_t n : {2, 3, 4}) {
    const SimilarityMatrix a = RandomMatrix(n, 1), b = RandomMatrix(n, 2);
    const Json result = Compare(a, b, {.permutations = 3, .bootstraps = 3});
    EXPECT_NEAR(result["whitened_cosine"].get<double>(), PlainWhitenedCosine(Triangle(a), Triangle(b), n),
                1e-6)
        << n;
    EXPECT_NEAR(result["kendall_tau_a"].get<double>(), n == 2 ? 0 : PlainTau(Triangle(a), Triangle(b)), 1e-9);
  }
}

using PlainMeasure = std::function<double(const std::vector<double>&, const std::vector<double>&)>;
const std::vector<std::pair<std::string, PlainMeasure>> kMeasures = {
    {"pearson", PlainPearson},
    {"spearman", [](const auto& x, const auto& y) { return PlainPearson(PlainRanks(x), PlainRanks(y)); }},
    {"cosine", PlainCosine},
    {"whitened_cosine", [](const auto& x, const auto& y) { return PlainWhitenedCosine(x, y, 9); }}};

// Weak relations, so that some permutations reach what was found.
TEST(Compare, ProbabilitiesEqualThoseOfPermutedMatrices) {
  const SimilarityMatrix a = RandomMatrix(9, 5), b = RandomMatrix(9, 6, &a, 0.15);
  const Json result = Compare(a, b, {.permutations = 60, .bootstraps = 1, .seed = 3});
  const auto x = Triangle(a);
  for (const auto& [name, measure] : kMeasures) {
    const double found = measure(x, Triangle(b));
    int as_large = 0;
    for (uint64_t k = 0; k < 60; ++k) {
      const auto order = RandomPermutation(9, RandomStream(3, "permutation", 0, k));
      SimilarityMatrix permuted = b;
      for (int64_t i = 0; i < 9; ++i)
        for (int64_t j = 0; j < 9; ++j) permuted.values[i * 9 + j] = b.at(order[i], order[j]);
      const double value = measure(x, Triangle(permuted));
      const bool two_sided = name == "pearson" || name == "spearman";
      as_large += (two_sided ? std::abs(value) : value) >= (two_sided ? std::abs(found) : found);
    }
    EXPECT_GT(as_large, 0) << name;
    EXPECT_NEAR(result["p_values"][name].get<double>(), (1 + as_large) / 61.0, 1e-12) << name;
  }
}

TEST(Compare, IntervalsEqualThoseOfDrawnImages) {
  const SimilarityMatrix a = RandomMatrix(14, 5), b = RandomMatrix(14, 6, &a, 0.4);
  SimilarityMatrix rank_a = a, rank_b = b;  // ranks are those among all pairs
  for (SimilarityMatrix* each : {&rank_a, &rank_b}) {
    const auto ranks = PlainRanks(Triangle(*each));
    for (int64_t i = 0, at = 0; i < 14; ++i)
      for (int64_t j = i + 1; j < 14; ++j)
        each->values[i * 14 + j] = each->values[j * 14 + i] = static_cast<float>(ranks[at++]);
  }
  // 2.5 % is the second of 41 draws, and halfway between the first two of 21; 97.5 % likewise from above
  for (const int64_t draws : {41, 21}) {
    const Json result = Compare(a, b, {.permutations = 1, .bootstraps = draws, .seed = 8});
    for (const auto& [name, measure] : {kMeasures[0], kMeasures[1], kMeasures[2]}) {
      const bool ranked = name == "spearman";
      std::vector<double> values;
      for (uint64_t k = 0; k < static_cast<uint64_t>(draws); ++k) {
        RandomStream stream(8, "bootstrap", 0, k);
        std::vector<int64_t> drawn;
        for (int i = 0; i < 14; ++i) drawn.push_back(static_cast<int64_t>(stream.Below(14)));
        std::vector<double> x, y;
        for (size_t i = 0; i < 14; ++i)
          for (size_t j = i + 1; j < 14; ++j)
            if (drawn[i] != drawn[j]) {
              x.push_back((ranked ? rank_a : a).at(drawn[i], drawn[j]));
              y.push_back((ranked ? rank_b : b).at(drawn[i], drawn[j]));
            }
        values.push_back(ranked ? PlainPearson(x, y) : measure(x, y));
      }
      std::sort(values.begin(), values.end());
      const double low = draws == 41 ? values[1] : (values[0] + values[1]) / 2;
      const double high = draws == 41 ? values[39] : (values[19] + values[20]) / 2;
      EXPECT_NEAR(result["intervals"][name][0].get<double>(), low, 1e-6) << name << " " << draws;
      EXPECT_NEAR(result["intervals"][name][1].get<double>(), high, 1e-6) << name << " " << draws;
    }
  }
}

// Three subjects who see the same, each with errors of their own.
TEST(NoiseCeilings, AreTheMeansOverSubjects) {
  const TemporaryFolder folder;
  const SimilarityMatrix truth = RandomMatrix(11, 1);
  std::vector<std::string> paths;
  std::vector<std::vector<double>> subjects;
  for (uint64_t s = 0; s < 3; ++s) {
    const SimilarityMatrix matrix = RandomMatrix(11, 20 + s, &truth, 0.6);
    paths.push_back(folder / ("s" + std::to_string(s) + ".npy"));
    WriteNpy<float>(paths.back(), {11, 11}, matrix.values);
    subjects.push_back(Triangle(matrix));
  }
  const auto normalized = [](const std::vector<double>& x, bool centred) {
    double mean = 0, square = 0;
    for (const double value : x) mean += centred ? value / static_cast<double>(x.size()) : 0;
    for (const double value : x) square += (value - mean) * (value - mean);
    std::vector<double> result;
    for (const double value : x) result.push_back((value - mean) / std::sqrt(square));
    return result;
  };
  const Json found = NoiseCeilings(truth, paths);
  for (const std::string name : {"pearson", "spearman", "cosine", "kendall_tau_a"}) {
    const bool ranked = name == "spearman" || name == "kendall_tau_a";
    const PlainMeasure measure = name == "cosine"          ? PlainCosine
                                 : name == "kendall_tau_a" ? PlainTau
                                                           : PlainPearson;
    std::vector<std::vector<double>> parts;
    for (const auto& subject : subjects)
      parts.push_back(ranked ? PlainRanks(subject) : normalized(subject, name == "pearson"));
    double lower = 0, upper = 0, model = 0;
    for (size_t s = 0; s < 3; ++s) {
      std::vector<double> all(parts[0].size()), others = all;
      for (size_t k = 0; k < all.size(); ++k) {
        all[k] = parts[0][k] + parts[1][k] + parts[2][k];
        others[k] = parts[(s + 1) % 3][k] + parts[(s + 2) % 3][k];
      }
      lower += measure(parts[s], others) / 3;
      upper += measure(parts[s], all) / 3;
      model += measure(parts[s], ranked ? PlainRanks(Triangle(truth)) : Triangle(truth)) / 3;
    }
    EXPECT_NEAR(found[name]["lower"].get<double>(), lower, 1e-6) << name;
    EXPECT_NEAR(found[name]["upper"].get<double>(), upper, 1e-6) << name;
    EXPECT_NEAR(found[name]["model"].get<double>(), model, 1e-6) << name;
    EXPECT_LT(lower, upper);
  }
  EXPECT_LT(found["whitened_cosine"]["lower"].get<double>(), found["whitened_cosine"]["upper"].get<double>());
  EXPECT_THROW(NoiseCeilings(truth, std::span(paths).first(1)), Error);
  EXPECT_THROW(NoiseCeilings(RandomMatrix(10, 1), paths), Error);
}

// Under the null the p value is uniform: of 40 unrelated pairs, about two lie below 0.05 and half below 0.5.
TEST(Compare, TheProbabilityIsUniformWithoutRelation) {
  int small = 0, half = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Json result = Compare(RandomMatrix(12, 100 + seed), RandomMatrix(12, 200 + seed),
                                {.permutations = 99, .bootstraps = 1, .seed = seed});
    small += result["p_value"].get<double>() <= 0.05;
    half += result["p_value"].get<double>() <= 0.5;
  }
  EXPECT_LE(small, 8);
  EXPECT_GE(half, 8);
  EXPECT_LE(half, 32);
}

TEST(Compare, RefusesOtherSizes) { EXPECT_THROW(Compare(RandomMatrix(5, 0), RandomMatrix(6, 0), {}), Error); }

}  // namespace murine::compare_test
