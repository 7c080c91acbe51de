// SPDX-License-Identifier: Apache-2.0
#include "nn/cortex_map.h"

#include "nn/linear_init.h"

namespace murine {
namespace {

constexpr int64_t kHidden = 30;
constexpr double kRidge = 1e-3;     // of the mean squared hidden unit
constexpr double kFarthest = 0.95;  // a place at the border has no finite value before the tanh

// Gauss-Jordan elimination with pivots; a [k, k] is regular.
torch::Tensor Solve(torch::Tensor a, torch::Tensor b) {
  const int64_t k = a.size(0);
  torch::Tensor both = torch::cat({a, b}, 1);
  for (int64_t i = 0; i < k; ++i) {
    const int64_t pivot = i + both.slice(0, i).select(1, i).abs().argmax().item<int64_t>();
    if (pivot != i) {
      const torch::Tensor row = both[i].clone();
      both[i].copy_(both[pivot]);
      both[pivot].copy_(row);
    }
    both[i].div_(both[i][i].clone());
    torch::Tensor factors = both.select(1, i).clone();
    factors[i] = 0;
    both.sub_(factors.unsqueeze(1) * both[i].unsqueeze(0));
  }
  return both.slice(1, k);
}

}  // namespace

CortexMapImpl::CortexMapImpl(int64_t neurons, uint64_t seed) {
  coordinates_ = register_buffer("coordinates", torch::zeros({neurons, 2}));
  hidden_ = register_module("hidden", DrawnLinear(2, kHidden, RandomStream(seed, "cortex/hidden")));
  place_ = register_module("place", DrawnLinear(kHidden, 2, RandomStream(seed, "cortex/place")));
  // Bends at several places, not all in the middle.
  torch::NoGradGuard no_grad;
  hidden_->bias.copy_(UniformTensor({kHidden}, -1, 1, RandomStream(seed, "cortex/bend")));
}

void CortexMapImpl::SetCoordinates(const torch::Tensor& position_um) {
  const torch::Tensor centred = position_um - position_um.mean(0);
  coordinates_.copy_(centred / centred.abs().max().clamp_min(1e-6));
}

torch::Tensor CortexMapImpl::Hidden() const {
  return torch::elu(coordinates_.matmul(hidden_->weight.t()) + hidden_->bias);
}

torch::Tensor CortexMapImpl::forward() {
  return torch::tanh(Hidden().matmul(place_->weight.t()) + place_->bias);
}

void CortexMapImpl::Approach(const torch::Tensor& places) {
  torch::NoGradGuard no_grad;
  const torch::Tensor wanted = torch::atanh(places.to(torch::kFloat64).clamp(-kFarthest, kFarthest));
  const torch::Tensor units =
      torch::cat({Hidden(), torch::ones({coordinates_.size(0), 1})}, 1).to(torch::kFloat64);
  torch::Tensor products = units.t().matmul(units);
  products.diagonal().add_(kRidge * products.trace() / static_cast<double>(kHidden + 1));
  const torch::Tensor solved = Solve(products, units.t().matmul(wanted)).to(torch::kFloat32);
  place_->weight.copy_(solved.slice(0, 0, kHidden).t());
  place_->bias.copy_(solved[kHidden]);
}

}  // namespace murine
