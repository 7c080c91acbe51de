// SPDX-License-Identifier: Apache-2.0
#define kBlock 16
#define kTable kReadoutKernelsAvx512
#include "nn/readout_kernels.inc"
