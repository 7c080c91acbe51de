// SPDX-License-Identifier: Apache-2.0
#include "train/receptive_fields.h"

#include <algorithm>

namespace murine {

ReceptiveFields MeasureReceptiveFields(const std::function<torch::Tensor(const torch::Tensor&)>& respond,
                                       const torch::Tensor& images, std::span<const int64_t> neurons) {
  constexpr int64_t kBatch = 16;
  const auto kept = static_cast<int64_t>(neurons.size());
  const torch::Tensor sum = torch::zeros({kept, images.size(2), images.size(3)}, torch::kFloat64);
  const torch::Tensor squares = torch::zeros_like(sum);
  for (int64_t first = 0; first < images.size(0); first += kBatch) {
    const torch::Tensor batch = images.slice(0, first, std::min(first + kBatch, images.size(0))).detach();
    batch.set_requires_grad(true);
    const torch::Tensor responses = respond(batch);
    for (int64_t k = 0; k < kept; ++k) {
      // Images do not see each other, so that one pass gives the gradient at each.
      const torch::Tensor gradient =
          torch::autograd::grad({responses.select(1, neurons[static_cast<size_t>(k)]).sum()}, {batch}, {},
                                /*retain_graph=*/true)[0]
              .to(torch::kFloat64)
              .select(1, 0);
      sum[k] += gradient.sum(0);
      squares[k] += gradient.square().sum(0);
    }
  }
  const auto n = static_cast<double>(images.size(0));
  return {sum / n, (squares / n).sqrt()};
}

}  // namespace murine
