// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/torch.h"

namespace murine {

// What batch norm normalizes with, and whether its running statistics follow.
enum class BatchStatistics {
  kRunning,     // evaluation
  kBatch,       // the batch's own; the running statistics follow (momentum 0.1)
  kBatchApart,  // the batch's own; the running statistics stay: batches of images that are not to be
                // classified
};

enum class Activation { kNone, kRelu };

// activation(batch_norm(convolution(x)) + residual); `residual` may be undefined.
// x [n, c_in, h, w] -> [n, c_out, h', w'].
torch::Tensor ConvBlock(const torch::Tensor& x, const torch::nn::Conv2d& convolution,
                        const torch::nn::BatchNorm2d& norm, BatchStatistics statistics, Activation activation,
                        const torch::Tensor& residual = {});

}  // namespace murine
