// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "nn/convolution.h"
#include "nn/resnet.h"

namespace murine {

// A convolution and the batch norm behind it as one, batch norm's running statistics folded into the weights.
struct FoldedBlock {
  FoldedBlock(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d& norm);
  // activation(convolution(x) + residual), differentiable in x and residual where gradients are asked for.
  // Throws Error where the residual is not of the result's size.
  torch::Tensor operator()(const torch::Tensor& x, Activation activation,
                           const torch::Tensor& residual = {}) const;

  torch::Tensor weight, bias;
  int64_t stride, padding;
  std::shared_ptr<FoldedConvolution> fast;  // null where the weights are on another device

 private:
  // The block of the features that the fast path makes of x; 0: it cannot.
  int64_t FastBlock(const torch::Tensor& x) const;
};

// A trained network in evaluation mode, as it is when this is made: later training does not reach it.
// Gradients flow to the images alone.
class FoldedResNet {
 public:
  explicit FoldedResNet(const ResNet& network);

  // images [n, channels, h, w] in [0, 1] -> the output of each stage, plain or blocked (nn/blocked.h).
  std::array<torch::Tensor, kStages> Stages(const torch::Tensor& images) const;
  torch::Tensor Logits(const torch::Tensor& images) const;  // [n, classes]

 private:
  struct Basic {
    FoldedBlock first, second;
    std::unique_ptr<FoldedBlock> shortcut;  // null: the input itself
  };
  ResNetOptions options_;
  std::unique_ptr<FoldedBlock> stem_;
  std::array<std::vector<Basic>, kStages - 1> groups_;
  torch::Tensor head_weight_, head_bias_;
};

// Every size of a batch has primitives of its own, and attacks let images go one by one: asks `logits` about
// the images filled up with blank ones to a power of two or to three quarters of it.
torch::Tensor InRoundedBatch(const torch::Tensor& images,
                             const std::function<torch::Tensor(const torch::Tensor&)>& logits);

}  // namespace murine
