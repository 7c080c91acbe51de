// SPDX-License-Identifier: Apache-2.0
#include "robustness/test_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/numbers.h"
#include "robustness/autoattack.h"
#include "robustness/intervals.h"

namespace murine {
namespace {

int64_t Ones(const std::string& flags) { return std::count(flags.begin(), flags.end(), '1'); }

double Accuracy(const Records& records) {
  return static_cast<double>(Ones(records.correct)) / static_cast<double>(records.size());
}

// JSON has no infinity.
Json Finite(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// Of the images that were right, the share that the test got; noise wants a wrong class.
Json SuccessRate(const Records& records, const Records& clean) {
  int64_t right = 0, gotten = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    if (clean.correct[i] != '1') continue;
    ++right;
    gotten += records.success.empty() ? records.correct[i] == '0' : records.success[i] == '1';
  }
  return right > 0 ? Json(static_cast<double>(gotten) / static_cast<double>(right)) : Json(nullptr);
}

void AddQuartiles(Json& entry, const std::string& ending, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  entry["median_perturbation" + ending] = values.empty() ? Json(nullptr) : Finite(Quantile(values, 0.5));
  entry["quartiles" + ending] =
      values.empty() ? Json(nullptr) : Json{Finite(Quantile(values, 0.25)), Finite(Quantile(values, 0.75))};
}

Json Mean(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

Json Means(const std::map<std::string, std::vector<double>>& groups) {
  Json means = Json::object();
  for (const auto& [name, values] : groups) means[name] = Mean(values);
  return means;
}

std::vector<std::string> Sets(const std::vector<CorruptionScore>& scores) {
  std::vector<std::string> sets;
  for (const CorruptionScore& score : scores)
    if (score.main && std::find(sets.begin(), sets.end(), score.set) == sets.end()) sets.push_back(score.set);
  return sets;
}

}  // namespace

void AddScores(Json& entry, const Records& records, const Records& clean) {
  const auto n = static_cast<int64_t>(records.size());
  entry["n"] = n;
  entry["clean_accuracy"] = Accuracy(clean);
  entry["accuracy"] = Accuracy(records);
  entry["interval"] = WilsonInterval(Ones(records.correct), n);
  entry["success_rate"] = SuccessRate(records, clean);
  if (records.queries.empty()) return;
  double queries = 0;
  for (const int64_t count : records.queries) queries += static_cast<double>(count);
  entry["queries"] = queries / static_cast<double>(n);
  if (records.found_by.empty()) return;
  for (size_t part = 0; part < kAutoAttackParts.size(); ++part)
    entry["found_by"][std::string(kAutoAttackParts[part])] =
        std::ranges::count(records.found_by, static_cast<int64_t>(part));
}

Records Within(const Records& records, const Records& clean, double epsilon) {
  Records within = records;
  for (size_t i = 0; i < records.size(); ++i) {
    if (records.perturbation[i] <= epsilon) continue;
    within.correct[i] = clean.correct[i];
    within.success[i] = '0';
    within.perturbation[i] = kNoSuccess;
  }
  return within;
}

void AddPerturbations(Json& entry, const Records& records, const Records& clean,
                      const std::vector<double>& grid, uint64_t seed) {
  std::vector<double> correct;
  for (size_t i = 0; i < records.size(); ++i)
    if (clean.correct[i] == '1') correct.push_back(records.perturbation[i]);
  AddQuartiles(entry, "", records.perturbation);
  const Interval interval = BootstrapMedian(records.perturbation, RandomStream(seed, "bootstrap/median"));
  entry["median_interval"] = {Finite(interval[0]), Finite(interval[1])};
  AddQuartiles(entry, "_correct", correct);
  entry["n_correct"] = correct.size();
  entry["success_over_epsilon"] = Json::array();
  for (const double epsilon : grid) {
    const Records within = Within(records, clean, epsilon);
    entry["success_over_epsilon"].push_back(
        {{"epsilon", epsilon}, {"success_rate", SuccessRate(within, clean)}, {"accuracy", Accuracy(within)}});
  }
}

Json CorruptionMeans(const std::vector<CorruptionScore>& scores) {
  Json means = Json::object();
  for (const std::string& set : Sets(scores)) {
    std::vector<double> all;
    std::map<std::string, std::vector<double>> severities, corruptions, frequencies;
    for (const CorruptionScore& score : scores) {
      if (score.set != set) continue;
      const double accuracy = Accuracy(*score.records);
      corruptions[score.name].push_back(accuracy);
      if (!score.main) continue;
      all.push_back(accuracy);
      severities[std::to_string(score.severity)].push_back(accuracy);
      frequencies[score.frequency.get<std::string>()].push_back(accuracy);
    }
    means[set] = {{"mean", Mean(all)},
                  {"by_severity", Means(severities)},
                  {"by_corruption", Means(corruptions)},
                  {"by_frequency", Means(frequencies)}};
  }
  return means;
}

std::vector<Json> SeverityEntries(const std::vector<CorruptionScore>& scores, const Records& clean,
                                  uint64_t seed) {
  std::vector<Json> entries;
  for (const std::string& set : Sets(scores)) {
    std::map<int, std::vector<const Records*>> severities;
    for (const CorruptionScore& score : scores)
      if (score.set == set && score.main) severities[score.severity].push_back(score.records);
    for (const auto& [severity, tests] : severities) {
      const auto count = static_cast<double>(tests.size());
      std::vector<double> shares(clean.size()), rates;  // of the corruptions, how many each image withstands
      for (const Records* records : tests) {
        for (size_t i = 0; i < clean.size(); ++i) shares[i] += (records->correct[i] == '1') / count;
        if (const Json rate = SuccessRate(*records, clean); !rate.is_null()) rates.push_back(rate);
      }
      entries.push_back({{"name", set},
                         {"norm", nullptr},
                         {"level", severity},
                         {"n", clean.size()},
                         {"corruptions", tests.size()},
                         {"clean_accuracy", Accuracy(clean)},
                         {"accuracy", Mean(shares)},
                         {"interval", BootstrapMean(shares, RandomStream(seed, "bootstrap/corruptions",
                                                                         static_cast<uint64_t>(severity)))},
                         {"success_rate", Mean(rates)}});
    }
  }
  return entries;
}

std::string ImageTable(const std::vector<int32_t>& labels, const std::vector<int64_t>& predictions,
                       const std::vector<std::pair<std::string, const Records*>>& tests) {
  std::string csv = "index,label,clean_prediction";
  for (const auto& [name, records] : tests) csv += "," + name;
  csv += "\n";
  for (size_t i = 0; i < predictions.size(); ++i) {
    csv += fmt::format("{},{},{}", i, labels[i], predictions[i]);
    for (const auto& [name, records] : tests) csv += fmt::format(",{}", records->correct[i]);
    csv += '\n';
  }
  return csv;
}

std::string AttackTable(const std::vector<int32_t>& labels, const std::vector<int64_t>& predictions,
                        const std::vector<std::pair<std::string, const Records*>>& tests) {
  std::string csv = "test,index,label,clean_prediction,success,perturbation,queries\n";
  for (const auto& [name, records] : tests)
    for (size_t i = 0; i < records->perturbation.size(); ++i)
      csv += fmt::format("{},{},{},{},{},{},{}\n", name, i, labels[i], predictions[i], records->success[i],
                         static_cast<float>(records->perturbation[i]), records->queries[i]);
  return csv;
}

}  // namespace murine
