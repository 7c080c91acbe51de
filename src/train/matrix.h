// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/torch.h"

namespace murine {

// Products of float32 matrices [rows, columns] by oneDNN, many times as fast as the BLAS that Debian's
// libtorch comes with.
torch::Tensor MatrixProduct(const torch::Tensor& a, const torch::Tensor& b);      // a b
torch::Tensor TransposedProduct(const torch::Tensor& a, const torch::Tensor& b);  // a^T b

}  // namespace murine
