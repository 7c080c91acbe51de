// SPDX-License-Identifier: Apache-2.0
#define kBlock 8
#define kName DepthwiseWeightGradientAvx2
#include "nn/depthwise_kernels.inc"
