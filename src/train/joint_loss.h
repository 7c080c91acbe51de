// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "nn/resnet.h"
#include "nn/torch.h"
#include "train/similarity_loss.h"

namespace murine {

// What one training step sees.
struct StepData {
  torch::Tensor images, labels;  // [n, c, h, w] in [0, 1], [n]
  torch::Tensor stimuli;         // [m, c, h', w'] in [0, 1]; undefined without a target
  std::vector<Pair> pairs;       // into the stimuli
  torch::Tensor wanted;          // [pairs]: the target's similarities
};

// The two parts of L = L_task + alpha * L_similarity (Li et al. 2019; docs/metrics.md).
struct StepLoss {
  torch::Tensor task, similarity;  // similarity: undefined without a target
};

// Images and stimuli go through the same network, each normalized by the statistics of their own batch.
StepLoss JointLoss(ResNet& network, StageSimilarity& stage_similarity, const StepData& data, double clamp);

// Where training stands when a number becomes NaN or infinite.
enum class FaultyPart { kTask, kSimilarity, kWeights, kValidation };
struct TrainingMoment {
  std::string where;                         // "epoch 3, step 17 of 200"
  std::string state;                         // which saved state is kept: "epoch 2, step 0"; "" where none is
  double task = 0, weighted_similarity = 0;  // the parts of the loss
  bool data_finite = true;
};
// Error with the likely cause: learning rate, alpha or data.
[[noreturn]] void ThrowNotFinite(FaultyPart part, double value, const TrainingMoment& moment);

}  // namespace murine
