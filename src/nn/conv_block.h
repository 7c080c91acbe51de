// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/options.h"
#include "nn/convolution.h"
#include "nn/torch.h"

namespace murine {

// What batch norm normalizes with, and whether its running statistics follow.
enum class BatchStatistics {
  kRunning,     // evaluation
  kBatch,       // the batch's own; the running statistics follow (momentum 0.1)
  kBatchApart,  // the batch's own; the running statistics stay: batches of images that are not to be
                // classified
};

// How convolutions are computed.
enum class Engine {
  kPlain,     // libtorch
  kFloat,     // on blocked features where the shape and the CPU have a fast path
  kBfloat16,  // the same with features in bfloat16; weights, statistics and their gradients stay float
};

// activation(batch_norm(convolution(x)) + residual); `residual` may be undefined.
// x [n, c_in, h, w] or blocked (nn/blocked.h) -> [n, c_out, h', w'], blocked where the fast path ran. Running
// statistics take the plain path (FoldedResNet is the fast one).
torch::Tensor ConvBlock(const torch::Tensor& x, const torch::nn::Conv2d& convolution,
                        const torch::nn::BatchNorm2d& norm, BatchStatistics statistics, Activation activation,
                        Engine engine, const torch::Tensor& residual = {});

}  // namespace murine
