// SPDX-License-Identifier: Apache-2.0
#include "nn/read_points.h"

#include "nn/blocked.h"
#include "nn/readout_kernels.h"
#include "nn/second_derivative.h"

namespace murine {
namespace {

const ReadoutKernels& KernelsOfThisCpu() {
  return ChannelBlock() == 16 ? kReadoutKernelsAvx512 : kReadoutKernelsAvx2;
}

ReadingSize SizeOfReading(const torch::Tensor& features, const torch::Tensor& positions) {
  return {.n = features.size(0),
          .height = features.size(2),
          .width = features.size(3),
          .channels = features.size(1),
          .neurons = positions.size(1),
          .places = positions.size(0)};
}

struct Reading : torch::autograd::Function<Reading> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& features,
                               const torch::Tensor& positions, const torch::Tensor& weights) {
    const torch::Tensor pixels = features.contiguous(at::MemoryFormat::ChannelsLast),
                        places = positions.contiguous(), factors = weights.contiguous();
    const ReadingSize size = SizeOfReading(pixels, places);
    torch::Tensor out = torch::empty({size.n, size.neurons}), slope;
    if (positions.requires_grad()) slope = torch::empty({size.n, size.neurons, 2});
    KernelsOfThisCpu().read(size, pixels.data_ptr<float>(), places.data_ptr<float>(),
                            factors.data_ptr<float>(), out.data_ptr<float>(),
                            slope.defined() ? slope.data_ptr<float>() : nullptr);
    context->save_for_backward({pixels, places, factors, slope});
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    RefuseSecondDerivative("a readout");
    const auto saved = context->get_saved_variables();
    const torch::Tensor &pixels = saved[0], &places = saved[1], &factors = saved[2], &slope = saved[3];
    const torch::Tensor gradient = gradients[0].contiguous();
    const ReadingSize size = SizeOfReading(pixels, places);
    const ReadoutKernels& kernels = KernelsOfThisCpu();
    torch::Tensor for_features, for_positions, for_weights;
    if (context->needs_input_grad(0)) {
      for_features = torch::empty(pixels.sizes(), pixels.options(), at::MemoryFormat::ChannelsLast);
      kernels.features_gradient(size, places.data_ptr<float>(), factors.data_ptr<float>(),
                                gradient.data_ptr<float>(), for_features.data_ptr<float>());
    }
    if (slope.defined()) {
      for_positions = torch::empty_like(places);
      PositionsGradient(size, gradient.data_ptr<float>(), slope.data_ptr<float>(),
                        for_positions.data_ptr<float>());
    }
    if (context->needs_input_grad(2)) {
      for_weights = torch::empty_like(factors);
      kernels.weights_gradient(size, pixels.data_ptr<float>(), places.data_ptr<float>(),
                               gradient.data_ptr<float>(), for_weights.data_ptr<float>());
    }
    return {for_features, for_positions, for_weights};
  }
};

bool TakesKernels(const torch::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat32;
}

}  // namespace

torch::Tensor ReadPointsPlain(const torch::Tensor& features, const torch::Tensor& positions,
                              const torch::Tensor& weights) {
  const torch::Tensor grid = positions.expand({features.size(0), -1, 2}).unsqueeze(2);  // [n, neurons, 1, 2]
  constexpr int64_t kBilinear = 0, kZeros = 0;
  const torch::Tensor read =
      torch::grid_sampler_2d(features, grid, kBilinear, kZeros, /*align_corners=*/true);
  return (read.squeeze(3) * weights.t()).sum(1);  // [n, f, neurons] -> [n, neurons]
}

torch::Tensor ReadPoints(const torch::Tensor& features, const torch::Tensor& positions,
                         const torch::Tensor& weights) {
  const int64_t n = features.size(0), neurons = weights.size(0);
  TORCH_CHECK(features.dim() == 4 && weights.dim() == 2 && weights.size(1) == features.size(1),
              "weights do not fit the features");
  TORCH_CHECK(positions.dim() == 3 && (positions.size(0) == 1 || positions.size(0) == n) &&
                  positions.size(1) == neurons && positions.size(2) == 2,
              "positions do not fit images and neurons");
  const bool fast =
      ChannelBlock() > 0 && TakesKernels(features) && TakesKernels(positions) && TakesKernels(weights);
  return fast ? Reading::apply(features, positions, weights) : ReadPointsPlain(features, positions, weights);
}

}  // namespace murine
