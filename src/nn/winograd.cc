// SPDX-License-Identifier: Apache-2.0
#include "nn/winograd.h"

#include <oneapi/dnnl/dnnl.hpp>

#include "nn/blocked.h"
#include "nn/scratchpad.h"

namespace murine {
namespace {

const WinogradKernels& WinogradTable(int64_t block) {
  return block == 16 ? kWinogradKernelsAvx512 : kWinogradKernelsAvx2;
}

bool HasInstructions(dnnl::cpu_isa wanted) {
  const auto bits = static_cast<unsigned>(wanted);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

// Direct products of bfloat16 are twice as fast as those of floats where the CPU multiplies pairs of it, and
// many times where it multiplies matrices of it.
bool BeatsWinogradInBfloat16(const ConvolutionShape& shape) {
  return shape.block == 16 && HasInstructions(shape.stride == 1 ? dnnl::cpu_isa::avx512_core_amx
                                                                : dnnl::cpu_isa::avx512_core_bf16);
}

WinogradShape ShapeFor(const ConvolutionShape& shape, WinogradUse use) {
  const bool forward = use == WinogradUse::kForward;
  return {.n = shape.n,
          .c_in = forward ? shape.c_in : shape.c_out,
          .height = shape.height,
          .width = shape.width,
          .c_out = forward ? shape.c_out : shape.c_in,
          .stride = shape.stride,
          .element = shape.bfloat16 ? Element::kBfloat16 : Element::kFloat};
}

float* Scratch(int64_t floats) {
  return static_cast<float*>(Scratchpad(static_cast<size_t>(floats) * sizeof(float)));
}

torch::Tensor Convolve(WinogradShape shape, const torch::Tensor& x, const torch::Tensor& weight,
                       WinogradUse use, const torch::Tensor& places, const WinogradEpilogue& after) {
  const WinogradFilter filter{.weights = weight.data_ptr<float>(),
                              .use = use,
                              .places = places.defined() ? places.data_ptr<float>() : nullptr};
  shape.apart = places.defined();
  const int threads = torch::get_num_threads();
  const WinogradGrid::Side out = WinogradGrid(shape).side(/*of_x=*/use == WinogradUse::kBackward);
  torch::Tensor y = EmptyFeatures(shape.n, shape.c_out, out.height, out.width, x.size(4), x.scalar_type());
  const WinogradKernels& kernels = WinogradTable(x.size(4));
  kernels.forward(shape, x.data_ptr(), filter, after, y.data_ptr(), threads,
                  Scratch(kernels.forward_scratch(shape, use, threads)));
  return y;
}

}  // namespace

WinogradGrid::WinogradGrid(const WinogradShape& shape)
    : n(shape.n), height(shape.height), width(shape.width), stride(shape.stride) {
  const Side y = side(/*of_x=*/false);
  columns = (y.width + 3) / 4;
  period = (height + stride) / stride;  // at least a row of zeros of x
  const int64_t apart = n * ((y.height + 3) / 4), as_one = ((n - 1) * period + y.height + 3) / 4;
  crosses = !shape.apart && as_one < apart;
  rows = crosses ? as_one : apart;
}

bool CanTakeWinograd(const ConvolutionShape& shape) {
  return shape.kernel == 3 && shape.stride <= 2 && !shape.plain_input() && shape.IsFast();
}

bool TakesWinograd(const ConvolutionShape& shape) {
  constexpr int64_t kFewestTiles = 16, kFewestOutputs = 8;  // of the 16 that a tile has
  if (!CanTakeWinograd(shape)) return false;
  if (shape.bfloat16 && BeatsWinogradInBfloat16(shape)) return false;
  const int64_t tiles = WinogradGrid(ShapeFor(shape, WinogradUse::kForward)).count();
  return tiles >= kFewestTiles && shape.n * shape.out_height() * shape.out_width() >= kFewestOutputs * tiles;
}

torch::Tensor WinogradForward(const ConvolutionShape& shape, const torch::Tensor& x,
                              const torch::Tensor& weight, const torch::Tensor& places,
                              const WinogradEpilogue& after) {
  return Convolve(ShapeFor(shape, WinogradUse::kForward), x, weight, WinogradUse::kForward, places, after);
}

torch::Tensor WinogradBackwardData(const ConvolutionShape& shape, const torch::Tensor& gradient,
                                   const torch::Tensor& weight, const torch::Tensor& places) {
  return Convolve(ShapeFor(shape, WinogradUse::kBackward), gradient, weight, WinogradUse::kBackward, places,
                  {});
}

torch::Tensor WinogradBackwardWeights(const ConvolutionShape& shape, const torch::Tensor& x,
                                      const torch::Tensor& gradient) {
  const WinogradShape of = ShapeFor(shape, WinogradUse::kForward);
  const int threads = torch::get_num_threads();
  torch::Tensor out = torch::empty({shape.c_out, shape.c_in, 3, 3});
  const WinogradKernels& kernels = WinogradTable(shape.block);
  kernels.weight_gradient(of, x.data_ptr(), gradient.data_ptr(), out.data_ptr<float>(), threads,
                          Scratch(kernels.gradient_scratch(of, threads)));
  return out;
}

torch::Tensor WinogradPlaces(const torch::Tensor& weight, int64_t stride, int64_t block, WinogradUse use) {
  const bool forward = use == WinogradUse::kForward;
  const WinogradShape shape{.n = 1,
                            .c_in = weight.size(forward ? 1 : 0),
                            .height = 4,
                            .width = 4,
                            .c_out = weight.size(forward ? 0 : 1),
                            .stride = stride,
                            .element = Element::kFloat};
  torch::Tensor places = torch::empty({WinogradTable(block).places(shape)});
  WinogradTable(block).transform(shape, {.weights = weight.data_ptr<float>(), .use = use},
                                 places.data_ptr<float>());
  return places;
}

}  // namespace murine
