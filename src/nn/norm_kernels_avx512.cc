// SPDX-License-Identifier: Apache-2.0
#define kBlock 16
#define kTable kNormKernelsAvx512
#include "nn/norm_kernels.inc"
