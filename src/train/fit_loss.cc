// SPDX-License-Identifier: Apache-2.0
#include "train/fit_loss.h"

#include <cmath>

namespace murine {

torch::Tensor PoissonLoss(const torch::Tensor& predicted, const torch::Tensor& recorded) {
  constexpr double kEpsilon = 1e-8;  // a rate of 0 has no logarithm
  return (predicted - recorded * torch::log(predicted + kEpsilon)).sum();
}

torch::Tensor PenalizedLoss(const torch::Tensor& poisson_loss, const Encoder& encoder,
                            const FitOptions& options, int64_t trials, int64_t batch) {
  const double scale = std::sqrt(static_cast<double>(trials) / static_cast<double>(batch));
  return scale * poisson_loss + options.laplace * encoder->LaplacePenalty() +
         options.sparsity * encoder->SparsityPenalty();
}

}  // namespace murine
