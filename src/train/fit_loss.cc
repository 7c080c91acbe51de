// SPDX-License-Identifier: Apache-2.0
#include "train/fit_loss.h"

#include <cmath>

namespace murine {

torch::Tensor ResponseLoss(LossKind kind, const torch::Tensor& predicted, const torch::Tensor& recorded) {
  constexpr double kEpsilon = 1e-8;  // a rate of 0 has no logarithm
  switch (kind) {
    case LossKind::kPoisson:
      return (predicted - recorded * torch::log(predicted + kEpsilon)).sum();
    case LossKind::kSquares:
      return (predicted - recorded).square().sum();
    case LossKind::kAnscombe: {
      const auto even = [](const torch::Tensor& x) { return 2 * torch::sqrt(x + 0.375); };
      return (even(predicted) - even(recorded)).square().sum();
    }
  }
  return {};
}

torch::Tensor PenalizedLoss(const torch::Tensor& response_loss, const Encoder& encoder,
                            const FitOptions& options, int64_t trials, int64_t batch) {
  const double scale = std::sqrt(static_cast<double>(trials) / static_cast<double>(batch));
  return scale * response_loss + options.laplace * encoder->LaplacePenalty() +
         options.sparsity * encoder->SparsityPenalty();
}

}  // namespace murine
