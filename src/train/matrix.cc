// SPDX-License-Identifier: Apache-2.0
#include "train/matrix.h"

#include <dnnl.h>

#include "base/error.h"

namespace murine {
namespace {

// `rows` and `inner` are those of op(a).
torch::Tensor Multiply(char op, const torch::Tensor& a, const torch::Tensor& b, int64_t rows, int64_t inner) {
  TORCH_CHECK(b.size(0) == inner, "sizes of matrices differ");
  const torch::Tensor left = a.contiguous(), right = b.contiguous();
  const int64_t columns = right.size(1);
  torch::Tensor product = torch::empty({rows, columns});
  if (dnnl_sgemm(op, 'N', rows, columns, inner, 1.f, left.data_ptr<float>(), left.size(1),
                 right.data_ptr<float>(), columns, 0.f, product.data_ptr<float>(), columns) != dnnl_success)
    throw Error({.what = "oneDNN could not multiply two matrices"});
  return product;
}

}  // namespace

torch::Tensor MatrixProduct(const torch::Tensor& a, const torch::Tensor& b) {
  return Multiply('N', a, b, a.size(0), a.size(1));
}

torch::Tensor TransposedProduct(const torch::Tensor& a, const torch::Tensor& b) {
  return Multiply('T', a, b, a.size(1), a.size(0));
}

}  // namespace murine
