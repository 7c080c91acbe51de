// SPDX-License-Identifier: Apache-2.0
#include "nn/readout.h"

#include "nn/tensor.h"

namespace murine {

ReadoutImpl::ReadoutImpl(const Shape& shape, uint64_t seed) : shape_(shape) {
  constexpr double kOffCentre = 0.3, kSpread = 0.1;
  const int64_t neurons = shape_.neurons, features = shape_.features * shape_.scales;
  if (shape_.places == PlaceKind::kCortex)
    cortex_ = register_module("cortex", CortexMap(neurons, seed));
  else
    positions_ = register_parameter("positions", UniformTensor({neurons, 2}, -kOffCentre, kOffCentre,
                                                               RandomStream(seed, "readout/positions")));
  if (shape_.kind == ReadoutKind::kGaussian)  // [to x or y, from either number drawn]
    spread_ = register_parameter(
        "spread", UniformTensor({neurons, 2, 2}, -kSpread, kSpread, RandomStream(seed, "readout/spread")));
  else if (shape_.kind == ReadoutKind::kIsotropic)
    spread_ = register_parameter("spread", torch::full({neurons, 1}, kSpread));
  weights_ =
      register_parameter("weights", torch::full({neurons, features}, 1 / static_cast<double>(features)));
}

void ReadoutImpl::Place(const torch::Tensor& positions) {
  torch::NoGradGuard no_grad;
  if (cortex_)
    cortex_->Approach(positions);
  else
    positions_.copy_(positions);
}

void ReadoutImpl::SetCoordinates(const torch::Tensor& position_um) {
  if (cortex_) cortex_->SetCoordinates(position_um.slice(1, 0, 2));
}

torch::Tensor ReadoutImpl::Places() { return cortex_ ? cortex_() : positions_; }

torch::Tensor ReadoutImpl::forward(const torch::Tensor& features, const torch::Tensor& shift,
                                   const torch::Tensor& noise) {
  torch::Tensor positions = Places().unsqueeze(0);
  if (noise.defined() && draws_places()) {
    const torch::Tensor moved = shape_.kind == ReadoutKind::kIsotropic
                                    ? noise * spread_
                                    : (spread_ * noise.unsqueeze(2)).sum(3);  // [n, neurons, 2, 2] summed
    positions = (positions + moved).clamp(-1, 1);
  }
  if (shift.defined()) positions = positions + shift.unsqueeze(1);
  torch::Tensor scale = features, read;
  for (int64_t k = 0; k < shape_.scales; ++k) {
    if (k > 0) scale = torch::avg_pool2d(scale, 2);
    const torch::Tensor weights = weights_.slice(1, k * shape_.features, (k + 1) * shape_.features);
    const torch::Tensor of_scale = ReadPoints(scale, positions, weights);
    read = read.defined() ? read + of_scale : of_scale;
  }
  return read;
}

}  // namespace murine
