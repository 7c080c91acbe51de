// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "robustness/attack_by_name.h"
#include "robustness/defence_checks.h"
#include "robustness/evaluation_input.h"
#include "robustness/records.h"
#include "robustness/test_results.h"

namespace murine {

using Asked = std::function<void(int64_t questions)>;

// One test at one level: how it changes images first .. last-1, and how the result names it.
struct SuiteTest {
  Json entry;
  std::string key;     // of its records: no two tests share one
  std::string column;  // of the table of images
  // Attacks may leave `correct` to be told from `success` and the clean predictions.
  // Attacks call `asked` as AttackInput says.
  std::function<Records(int64_t first, int64_t last, const Asked& asked)> run = {};
  // attacks:
  std::optional<AttackRun> attack = {};
  std::vector<double> epsilons = {};  // of a search for the least perturbation, each with an entry of its own
  // corruptions:
  std::optional<CorruptionScore> corruption = {};
};

// The images and models of an evaluation, in batches.
class Subject {
 public:
  Subject(const EvaluateOptions& options, const EvaluationInput& input);

  AttackInput Batch(int64_t first, int64_t last) const;
  Records Judge(const AttackInput& batch, const torch::Tensor& images) const;
  // Corrupted images at the size of the data, as the model sees them.
  Records JudgeSet(int64_t first, int64_t last, const ImageSet& corrupted) const;
  Records Attack(const NamedAttack& attack, double epsilon, Norm norm, int64_t first, int64_t last,
                 const Asked& asked) const;

  const Classifier& attacked() const { return input_.source ? *input_.source : input_.classifier; }
  bool targeted() const { return targets_.defined(); }
  bool transferred() const { return input_.source.has_value(); }
  int64_t count() const { return input_.images.count(); }
  const EvaluateOptions& options() const { return options_; }
  const EvaluationInput& input() const { return input_; }

 private:
  torch::Tensor Labels(int64_t first, int64_t last) const;
  // For each image of the batch the nearest of the whole set that the attacked model takes for another class
  // (for the target), of each of ten classes at most: [n, k, c, h, w].
  torch::Tensor Starts(const AttackInput& batch) const;

  const EvaluateOptions& options_;
  const EvaluationInput& input_;
  torch::Tensor targets_;  // [images], or undefined
  // From the first need of starts on: all images [images, c, h, w], and [images] what the attacked model
  // takes them for.
  mutable torch::Tensor pool_, predictions_;
};

// Every test that the options name, in the order of the results. `subject` outlives them.
std::vector<SuiteTest> MakeTests(const Subject& subject);

}  // namespace murine
