// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/json.h"
#include "data/image_set.h"
#include "similarity/similarity.h"
#include "train/train_options.h"

namespace murine {

// Everything a training reads, checked to fit together.
struct TrainingSet {
  ImageSet train, test;
  std::vector<int64_t> members, validation;  // of train: 99 and 1 per cent
  ImageSet stimuli;                          // regularized runs alone
  Target target;

  // The options without paths, with the hashes of what they name: what the result depends on.
  Json identity;
};

TrainingSet LoadTrainingSet(const TrainOptions& options);

}  // namespace murine
