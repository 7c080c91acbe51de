// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/measures.h"
#include "nn/torch.h"

namespace murine {

// The eigenvalues of the covariance over images of features [n, d], descending, as shares of their sum; at
// most n - 1, for the mean is subtracted. Computed from the n x n products of the images, in double. Error:
// features that never vary.
std::vector<double> EigenvalueShares(const torch::Tensor& features);

// (sum)^2 / sum of squares: how many directions of equal variance would be as spread out.
double ParticipationRatio(const std::vector<double>& eigenvalues);

// Of one stage's features: curve "eigenspectrum_STAGE" over ranks from 1, at most 500; values
// "exponent_STAGE" (the power law of similarity/cluster.h; Stringer et al. 2019,
// doi 10.1038/s41586-019-1346-5; NaN with too few eigenvalues) and "dimension_STAGE" (participation ratio).
Measures Eigenspectrum(const std::string& stage, const torch::Tensor& features);

}  // namespace murine
