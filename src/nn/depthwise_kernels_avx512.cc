// SPDX-License-Identifier: Apache-2.0
#define kBlock 16
#define kName DepthwiseWeightGradientAvx512
#include "nn/depthwise_kernels.inc"
