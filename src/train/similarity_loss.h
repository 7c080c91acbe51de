// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "nn/resnet.h"
#include "nn/torch.h"

namespace murine {

using Pair = std::pair<int64_t, int64_t>;

constexpr double kMeanDecay = 0.9;

// How similar the network finds images: method section of Li et al. 2019 (arXiv 1911.05072). Holds what is
// trained beside the network (the stage weights) and what runs along (the channel means).
class StageSimilarityImpl : public torch::nn::Module {
 public:
  explicit StageSimilarityImpl(const std::array<int64_t, kStages>& stage_channels);

  // stages: features [n, c_k, h_k, w_k]. Follows the running channel means (decay 0.9, started from the first
  // batch, not differentiated), subtracts them and gives S_cnn = sum_k gamma_k S_k, [pairs], where S_k is the
  // cosine of the two images' flattened features and gamma the softmax of the stage logits.
  torch::Tensor forward(const std::array<torch::Tensor, kStages>& stages, std::span<const Pair> pairs);

  torch::Tensor StageWeights() const;  // gamma, [kStages]
  torch::Tensor stage_logits() const { return stage_logits_; }

 private:
  torch::Tensor stage_logits_;
  std::array<torch::Tensor, kStages> means_;
  torch::Tensor started_;
};
TORCH_MODULE(StageSimilarity);

// Cosine between the rows of `features` [n, d] at the given pairs; rows of length zero give 0.
torch::Tensor PairCosines(const torch::Tensor& features, std::span<const Pair> pairs);

// mean over pairs of (arctanh S_cnn - arctanh S_target)^2, both clamped to [-1 + clamp, 1 - clamp].
// (The code that came down from the authors uses log(1+s) - log(1-s) = 2 arctanh s: four times this loss.)
torch::Tensor SimilarityLoss(const torch::Tensor& similarity, const torch::Tensor& target, double clamp);

}  // namespace murine
