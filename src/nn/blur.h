// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "nn/torch.h"

namespace murine {

// A Gaussian of standard deviation `sigma` > 0 pixels sampled at whole pixels, cut off at four of them, of
// sum 1.
std::vector<double> BlurKernel(double sigma);

// [size, size]: a column of that many pixels times it is that column blurred.
torch::Tensor BlurMatrix(int64_t size, double sigma);

// images [n, channels, h, w] convolved with that Gaussian along rows and columns; edges are reflected, the
// border pixel not repeated. Differentiable. An image's result does not depend on the others of its batch.
torch::Tensor GaussianBlur(const torch::Tensor& images, double sigma);

}  // namespace murine
