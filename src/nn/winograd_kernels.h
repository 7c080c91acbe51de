// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "nn/norm_kernels.h"

namespace murine {

// 3x3 convolutions on blocked features (nn/blocked.h) by Winograd's F(4x4, 3x3): Lavin and Gray 2016 (arXiv
// 1509.09308). Of each tile of 4x4 outputs y = A' [(G w G') * (B' x B)] A, where x is the 6x6 inputs around
// it and * runs over the 36 places of a tile: at each, a product of matrices over the channels. With stride 2
// even and odd inputs are taken apart: 9x9 inputs and 81 places, where there would be 144 products. All is
// computed in float, whatever the features are. The bits do not depend on the number of threads.

// `height` and `width` are x's, also where channels are exchanged (WinogradUse::kBackward).
struct WinogradShape {
  int64_t n, c_in, height, width, c_out;
  int64_t stride = 1;  // or 2
  Element element;
  bool apart = false;  // no tile holds two images, whose roundings and NaN would meet there
};

// Tiles of 4x4 that cover a batch. Where that needs fewer, the batch is one tall image with a row of zeros
// between its images, and tiles cross from one to the next.
struct WinogradGrid {
  explicit WinogradGrid(const WinogradShape& shape);
  [[gnu::always_inline]] int64_t count() const { return rows * columns; }

  // The features on one side of the convolution.
  struct Side {
    int64_t height, width, scale;  // 1, or x's stride
  };
  [[gnu::always_inline]] Side side(bool of_x) const {
    return of_x ? Side{height, width, stride} : Side{(height - 1) / stride + 1, (width - 1) / stride + 1, 1};
  }

  int64_t n, height, width, stride, rows, columns;
  int64_t period;  // rows of y from one image to the next, where tiles cross
  bool crosses;
};

enum class WinogradUse {
  kForward,
  kBackward,  // the gradient for x: the convolution of y's with mirrored weights, inputs and outputs
              // exchanged
};

// `weights`: OIHW, [c_out, c_in, 3, 3]; for kBackward [c_in, c_out, 3, 3], c_in and c_out being those
// of the convolution that is done. `places`: transformed before; null: they are at every call.
struct WinogradFilter {
  const float* weights;
  WinogradUse use = WinogradUse::kForward;
  const float* places = nullptr;
};

// What follows a convolution in the same pass; null: nothing.
struct WinogradEpilogue {
  const float* bias = nullptr;     // [c_out]
  const void* residual = nullptr;  // as the output
  bool relu = false;
};

struct WinogradKernels {
  // Floats of scratch memory that the calls below want with this many threads.
  int64_t (*forward_scratch)(const WinogradShape&, WinogradUse, int threads);
  int64_t (*gradient_scratch)(const WinogradShape&, int threads);
  // Floats of the transformed weights, whose order is their own, and the transform.
  int64_t (*places)(const WinogradShape&);
  void (*transform)(const WinogradShape&, const WinogradFilter&, float* places);
  void (*forward)(const WinogradShape&, const void* x, const WinogradFilter&, const WinogradEpilogue&,
                  void* y, int threads, float* scratch);
  // weight_gradient [c_out, c_in, 3, 3].
  void (*weight_gradient)(const WinogradShape&, const void* x, const void* y_gradient, float* weight_gradient,
                          int threads, float* scratch);
};
extern const WinogradKernels kWinogradKernelsAvx512, kWinogradKernelsAvx2;

}  // namespace murine
