// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/encoder.h"
#include "nn/torch.h"
#include "train/fit_options.h"

namespace murine {

// Negative log likelihood of `recorded` under Poisson rates `predicted` (both [n, neurons]), without the
// terms that do not depend on the rates: sum over trials and neurons of rate - response log(rate + 1e-8).
torch::Tensor PoissonLoss(const torch::Tensor& predicted, const torch::Tensor& recorded);

// What a step minimizes: sqrt(trials / batch) * poisson_loss + penalties. The field's convention, so that
// weights of penalties can be compared: the batch stands for its share of the recording, and the likelihood
// grows with the square root of the number of trials.
torch::Tensor PenalizedLoss(const torch::Tensor& poisson_loss, const Encoder& encoder,
                            const FitOptions& options, int64_t trials, int64_t batch);

}  // namespace murine
