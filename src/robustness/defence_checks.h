// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "robustness/attack.h"
#include "robustness/records.h"

namespace murine {

// Signs that attacks fail because they are hindered, not because the model is robust (Athalye et al. 2018,
// arXiv 1802.00420; Carlini et al. 2019, arXiv 1902.06705). Each is {"check": its name, "text": what is
// suspected}.

// Outputs that differ from call to call ("random-outputs"), that are probabilities ("softmaxed-outputs"),
// gradients that are zero ("zero-gradients", "saturated-loss"), and images that withstand PGD even when it
// may change all of them ("unbounded-attack-fails"). `sample`: some images of the set.
std::vector<Json> SuspectModel(const Classifier& classifier, const AttackInput& sample, uint64_t seed);

struct AttackRun {
  std::string name;
  Norm norm = Norm::kLinf;
  std::optional<double> epsilon;  // nothing: a search for the least perturbation
  bool black_box = false, one_step = false;
  const Records* records = nullptr;
};

// More than 1 % of the images fall to attacks without gradients at an epsilon where none with gradients fools
// them, or the median of their perturbations is less than 0.95 times the best with gradients
// ("black-box-stronger").
std::vector<Json> SuspectAttacks(const std::vector<AttackRun>& runs, const Records& clean);

// Error where an image's outputs depend on the others in its batch: the model is in training mode.
void RequireEvaluationMode(const Classifier& classifier, const torch::Tensor& images);

}  // namespace murine
