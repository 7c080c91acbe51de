// SPDX-License-Identifier: Apache-2.0
#include "train/part_means.h"

#include "base/error.h"
#include "base/interrupt.h"

namespace murine {
namespace {

enum PartFigure : int64_t { kTaskLoss, kSimilarityLoss, kInterrupted, kPartFigures };  // before all tensors

}  // namespace

PartMeans::PartMeans(std::vector<torch::Tensor> parameters, std::vector<torch::Tensor> buffers)
    : parameters_(std::move(parameters)), buffers_(std::move(buffers)), size_(kPartFigures) {
  for (const auto* tensors : {&parameters_, &buffers_})
    for (const torch::Tensor& tensor : *tensors) size_ += tensor.numel();
  for (const torch::Tensor& buffer : buffers_) kept_.push_back(buffer.clone());
}

void PartMeans::Add(const Losses& part) {
  torch::NoGradGuard no_grad;
  torch::Tensor flat = torch::empty({size_});
  flat[kTaskLoss] = part.task;
  flat[kSimilarityLoss] = part.similarity;
  flat[kInterrupted] = InterruptRequested() ? 1 : 0;
  int64_t first = kPartFigures;
  const auto take = [&](const torch::Tensor& tensor) {
    flat.narrow(0, first, tensor.numel()).view(tensor.sizes()).copy_(tensor);
    first += tensor.numel();
  };
  for (torch::Tensor& parameter : parameters_) {
    if (!parameter.grad().defined()) throw Error({.what = "a parameter got no gradient"});
    take(parameter.grad());
    parameter.mutable_grad().reset();
  }
  for (size_t i = 0; i < buffers_.size(); ++i) {
    take(buffers_[i]);
    buffers_[i].copy_(kept_[i]);
  }
  sum_.Add(std::move(flat));
}

PartMeans::Means PartMeans::Finish(const Ranks& ranks, int64_t parts, const std::string& what) {
  torch::NoGradGuard no_grad;
  torch::Tensor flat = sum_.Total();
  ranks.Sum(flat, what);
  flat.div_(static_cast<double>(parts));
  int64_t first = kPartFigures;
  const auto next = [&](const torch::Tensor& like) {
    const torch::Tensor values = flat.narrow(0, first, like.numel()).view(like.sizes());
    first += like.numel();
    return values;
  };
  for (torch::Tensor& parameter : parameters_) parameter.mutable_grad() = next(parameter);
  for (torch::Tensor& buffer : buffers_) buffer.copy_(next(buffer));
  return {.losses = {flat[kTaskLoss].item<double>(), flat[kSimilarityLoss].item<double>()},
          .interrupted = flat[kInterrupted].item<double>() > 0};
}

}  // namespace murine
