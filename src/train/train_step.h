// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "data/batches.h"
#include "nn/ranks.h"
#include "train/classifier_state.h"
#include "train/training_set.h"

namespace murine {

std::string StepPlace(int64_t epoch, int64_t step, int64_t steps);  // "epoch 3, step 17 of 200"

// One step of the training: the gradient of the joint loss, and what SGD makes of it. With several parts the
// loss is the mean over parts, each with its own images, pairs of stimuli and batch statistics; `batch` holds
// the images of this rank's parts. `saved`: the place of the state that is saved, for messages. Returns
// whether any rank was asked to stop. Error: a number that is not finite.
bool TrainStep(ClassifierState& state, const TrainingSet& set, const TrainOptions& options,
               const Batch& batch, int64_t steps, const std::string& saved, const Ranks& ranks);

}  // namespace murine
