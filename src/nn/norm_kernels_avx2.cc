// SPDX-License-Identifier: Apache-2.0
#define kBlock 8
#define kTable kNormKernelsAvx2
#include "nn/norm_kernels.inc"
