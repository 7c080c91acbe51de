// SPDX-License-Identifier: Apache-2.0
#include "train/joint_loss.h"

namespace murine {

StepLoss JointLoss(ResNet& network, StageSimilarity& stage_similarity, const StepData& data, double clamp) {
  StepLoss loss;
  const torch::Tensor logits = network->Logits(data.images, BatchStatistics::kBatch);
  loss.task = torch::cross_entropy_loss(logits, data.labels);
  if (!data.stimuli.defined()) return loss;
  const auto stages = network->Stages(data.stimuli, BatchStatistics::kBatchApart);
  loss.similarity = SimilarityLoss(stage_similarity(stages, data.pairs), data.wanted, clamp);
  return loss;
}

}  // namespace murine
