// SPDX-License-Identifier: Apache-2.0
#include "train/joint_loss.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

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

void ThrowNotFinite(FaultyPart part, double value, const TrainingMoment& moment) {
  constexpr std::array<const char*, 4> kNames = {"the classification loss", "the similarity loss",
                                                 "a gradient or weight", "the validation loss"};
  std::string cause = "the learning rate is too high: a lower --lr";
  if (part == FaultyPart::kSimilarity)
    cause = "similarities reach 1: a larger --clamp, a lower --alpha or a lower --lr";
  else if (moment.weighted_similarity > moment.task)
    cause = "the similarity loss outweighs the other: a lower --alpha, or a lower --lr";
  if (!moment.data_finite) cause = "the images themselves: make them anew without NaN and infinities";
  throw Error({.what = fmt::format("training stops, for {} is not finite", kNames[static_cast<size_t>(part)]),
               .where = moment.where,
               .expected = "a finite number",
               .got = fmt::format("{}", value),
               .hint = fmt::format("likely cause: {}; {}", cause,
                                   moment.state.empty() ? "nothing was saved yet"
                                                        : "the state of " + moment.state + " is kept")});
}

}  // namespace murine
