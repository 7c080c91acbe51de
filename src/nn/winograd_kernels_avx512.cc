// SPDX-License-Identifier: Apache-2.0
#define kBlock 16
#define kTable kWinogradKernelsAvx512
#include "nn/winograd_kernels.inc"
