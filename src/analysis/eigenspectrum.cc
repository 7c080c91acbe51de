// SPDX-License-Identifier: Apache-2.0
#include "analysis/eigenspectrum.h"

#include <algorithm>

#include "analysis/likeness.h"
#include "base/error.h"
#include "similarity/cluster.h"

namespace murine {

std::vector<double> EigenvalueShares(const torch::Tensor& features) {
  const torch::Tensor gram = CentredGram(features);
  const torch::Tensor ascending = torch::linalg_eigvalsh(gram).clamp_min(0);
  const double sum = ascending.sum().item<double>();
  if (!(sum > 0))
    throw Error({.what = "features that never vary", .expected = "different images, and a trained network"});
  const torch::Tensor shares = (ascending.flip(0) / sum).contiguous();
  // the last one belongs to the mean, which is gone
  return {shares.data_ptr<double>(), shares.data_ptr<double>() + shares.numel() - 1};
}

double ParticipationRatio(const std::vector<double>& eigenvalues) {
  double sum = 0, squares = 0;
  for (const double value : eigenvalues) {
    sum += value;
    squares += value * value;
  }
  return sum * sum / squares;
}

Measures Eigenspectrum(const std::string& stage, const torch::Tensor& features) {
  constexpr size_t kMostRanks = 500;
  const std::vector<double> shares = EigenvalueShares(features);
  Measures measures;
  Curve& curve = measures.curves["eigenspectrum_" + stage];
  for (size_t k = 0; k < std::min(shares.size(), kMostRanks); ++k) {
    curve.x.push_back(static_cast<double>(k + 1));
    curve.y.push_back(shares[k]);
  }
  const std::optional<PowerLaw> law = FitPowerLaw(shares);
  measures.values["exponent_" + stage] = {law ? law->exponent : std::numeric_limits<double>::quiet_NaN()};
  measures.values["dimension_" + stage] = {ParticipationRatio(shares)};
  return measures;
}

}  // namespace murine
