// SPDX-License-Identifier: Apache-2.0
#include "train/similarity_loss.h"

#include <fmt/format.h>

#include "nn/tensor.h"

namespace murine {
namespace {

constexpr double kLeastNorm = 1e-12;

std::pair<torch::Tensor, torch::Tensor> Ends(std::span<const Pair> pairs) {
  std::vector<int64_t> first, second;
  for (const auto& [i, j] : pairs) {
    first.push_back(i);
    second.push_back(j);
  }
  return {ToTensor(std::span<const int64_t>(first)), ToTensor(std::span<const int64_t>(second))};
}

}  // namespace

StageSimilarityImpl::StageSimilarityImpl(const std::array<int64_t, kStages>& stage_channels) {
  stage_logits_ = register_parameter("stage_logits", torch::zeros({kStages}));
  for (size_t k = 0; k < means_.size(); ++k)
    means_[k] = register_buffer(fmt::format("channel_mean{}", k), torch::zeros({stage_channels[k]}));
  started_ = register_buffer("started", torch::zeros({1}));
}

torch::Tensor StageSimilarityImpl::StageWeights() const { return torch::softmax(stage_logits_, 0); }

torch::Tensor StageSimilarityImpl::forward(const std::array<torch::Tensor, kStages>& stages,
                                           std::span<const Pair> pairs) {
  std::vector<torch::Tensor> similarities;
  for (size_t k = 0; k < stages.size(); ++k) {
    {
      torch::NoGradGuard no_grad;
      const torch::Tensor batch_mean = stages[k].mean({0, 2, 3});
      if (started_.item<float>() == 0)
        means_[k].copy_(batch_mean);
      else
        means_[k].mul_(kMeanDecay).add_(batch_mean, 1 - kMeanDecay);
    }
    const torch::Tensor centred = stages[k] - means_[k].view({1, -1, 1, 1});
    similarities.push_back(PairCosines(centred.flatten(1), pairs));
  }
  started_.fill_(1);
  return torch::mv(torch::stack(similarities, 1), StageWeights());
}

torch::Tensor PairCosines(const torch::Tensor& features, std::span<const Pair> pairs) {
  const auto [first, second] = Ends(pairs);
  const torch::Tensor norms = features.square().sum(1).clamp_min(kLeastNorm).sqrt();
  const torch::Tensor products = (features.index_select(0, first) * features.index_select(0, second)).sum(1);
  return products / (norms.index_select(0, first) * norms.index_select(0, second));
}

torch::Tensor SimilarityLoss(const torch::Tensor& similarity, const torch::Tensor& target, double clamp) {
  const double limit = 1 - clamp;
  return (torch::atanh(similarity.clamp(-limit, limit)) - torch::atanh(target.clamp(-limit, limit)))
      .square()
      .mean();
}

}  // namespace murine
