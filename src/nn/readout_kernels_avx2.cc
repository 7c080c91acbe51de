// SPDX-License-Identifier: Apache-2.0
#define kBlock 8
#define kTable kReadoutKernelsAvx2
#include "nn/readout_kernels.inc"
