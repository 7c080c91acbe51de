// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <memory>

#include "nn/torch.h"

namespace murine {

enum class Activation { kNone, kRelu };

// A square convolution without dilation or groups, padded by kernel / 2, on blocked features (nn/blocked.h).
struct ConvolutionShape {
  int64_t n = 0, c_in = 0, height = 0, width = 0, c_out = 0, kernel = 0, stride = 1;
  int64_t block = 0;  // of the features; 0: there is no fast path
  bool bfloat16 = false;

  int64_t out_height() const { return (height - 1) / stride + 1; }
  int64_t out_width() const { return (width - 1) / stride + 1; }
  // Images have too few channels to fill a block: they come plain, [n, c_in, height, width].
  bool plain_input() const { return c_in <= 4; }
  // Is there a fast path: channels are multiples of the block, or an image's few?
  bool IsFast() const;

  auto operator<=>(const ConvolutionShape&) const = default;
};

// The convolutions of one shape. Which algorithm a shape gets follows from the shape alone: Winograd's where
// TakesWinograd (nn/winograd.h) says so, oneDNN's direct one otherwise. Weights are OIHW in float; they are
// packed anew at every call.
class Convolution {
 public:
  // Made once for every shape and kept.
  static const Convolution& Of(const ConvolutionShape& shape);
  ~Convolution();

  torch::Tensor Forward(const torch::Tensor& x, const torch::Tensor& weight) const;
  // The gradient for x; not for plain inputs.
  torch::Tensor BackwardData(const torch::Tensor& gradient, const torch::Tensor& weight) const;
  // The gradient for the weight, float.
  torch::Tensor BackwardWeights(const torch::Tensor& x, const torch::Tensor& gradient) const;

  struct Kernels;

 private:
  explicit Convolution(const ConvolutionShape& shape);
  std::unique_ptr<Kernels> kernels_;
};

// A convolution with constant weights, a bias and the residual and the ReLU that follow it. NaN stays NaN.
// Weights are packed once for every layout that shapes ask for.
class FoldedConvolution {
 public:
  // weight OIHW, bias [c_out], float.
  FoldedConvolution(torch::Tensor weight, torch::Tensor bias, int64_t stride);
  ~FoldedConvolution();

  // activation(convolution(x) + bias + residual); `residual` may be undefined.
  torch::Tensor Forward(const torch::Tensor& x, Activation activation, const torch::Tensor& residual) const;
  // The gradient for x of [n, c_in, height, width] images or blocked features.
  torch::Tensor BackwardData(const torch::Tensor& gradient, int64_t height, int64_t width) const;

 private:
  struct Packed;
  std::unique_ptr<Packed> packed_;
};

}  // namespace murine
