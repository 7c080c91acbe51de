// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/encoder.h"
#include "nn/torch.h"
#include "train/fit_options.h"

namespace murine {

// How far rates `predicted` are from `recorded`, both [n, neurons]: summed over trials and neurons.
// kPoisson: the negative log likelihood without the terms that do not depend on the rates, rate - response
// log(rate + 1e-8). kSquares: (rate - response)^2. kAnscombe: the same of 2 sqrt(x + 3/8), which makes the
// noise of Poisson counts even (Anscombe 1948, doi 10.1093/biomet/35.3-4.246).
torch::Tensor ResponseLoss(LossKind kind, const torch::Tensor& predicted, const torch::Tensor& recorded);

// What a step minimizes for each recording: sqrt(trials / batch) * response_loss + penalties. The field's
// convention, so that weights of penalties can be compared: the batch stands for its share of the recording,
// and the likelihood grows with the square root of the number of trials.
torch::Tensor PenalizedLoss(const torch::Tensor& response_loss, const Encoder& encoder,
                            const FitOptions& options, int64_t trials, int64_t batch);

}  // namespace murine
