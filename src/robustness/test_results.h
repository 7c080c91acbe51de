// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "robustness/records.h"

namespace murine {

// What the results file says of records. `entry` is a test's object with its name; `clean` the records
// without a test.

// n, clean_accuracy, accuracy, interval (Wilson), success_rate (of the images that were right: the share the
// test got what it wanted of; null where none was right), and for attacks queries (mean an image).
void AddScores(Json& entry, const Records& records, const Records& clean);

// The same with perturbations above epsilon counted as no success.
Records Within(const Records& records, const Records& clean, double epsilon);

// Of a search for the least perturbation: median_perturbation and quartiles over all images, the
// misclassified with 0 and those withstanding with infinity (null); the same over the correctly classified
// alone (_correct); median_interval (bootstrap); success_over_epsilon on `grid`.
void AddPerturbations(Json& entry, const Records& records, const Records& clean,
                      const std::vector<double>& grid, uint64_t seed);

// One corruption at one severity.
struct CorruptionScore {
  std::string set, name;  // "cifar10-c-like", "fog"
  int severity = 0;
  bool main = true;          // one of the fifteen that count for the means
  Json frequency = nullptr;  // "low", "medium", "high" or null
  const Records* records = nullptr;
};

// For each set: mean (over the main corruptions and all severities), by_severity, by_corruption,
// by_frequency. Beside it a test entry for each severity of a set, with a bootstrap interval over images.
Json CorruptionMeans(const std::vector<CorruptionScore>& scores);
std::vector<Json> SeverityEntries(const std::vector<CorruptionScore>& scores, const Records& clean,
                                  uint64_t seed);

// A line an image: index, label, clean prediction, then for each test whether it was classified correctly.
std::string ImageTable(const std::vector<int32_t>& labels, const std::vector<int64_t>& predictions,
                       const std::vector<std::pair<std::string, const Records*>>& tests);
// A line an image and attack: test, index, label, clean prediction, success, perturbation, queries.
std::string AttackTable(const std::vector<int32_t>& labels, const std::vector<int64_t>& predictions,
                        const std::vector<std::pair<std::string, const Records*>>& tests);

}  // namespace murine
