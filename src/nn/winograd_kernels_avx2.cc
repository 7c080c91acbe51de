// SPDX-License-Identifier: Apache-2.0
#define kBlock 8
#define kTable kWinogradKernelsAvx2
#include "nn/winograd_kernels.inc"
