// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "nn/torch.h"

namespace murine {

// What moves some neurons of a model, pixel by pixel, in responses per unit of an image in [0, 1].
struct ReceptiveFields {
  torch::Tensor mean;  // [those neurons, h, w] gradient, mean over images: what light adds and takes away
  torch::Tensor size;  // [those neurons, h, w] root of its mean square: how much the pixel matters at all
};

// Of the model `respond`, images [n, 1, h, w] -> responses [n, neurons]. For a linear model `mean` is its
// filter at any images; for Gaussian white noise it is the response-weighted average of the images divided by
// their variance (Bussgang 1952). `size` shows complex cells too, whose gradients cancel in the mean: its
// square is the diagonal of the mean outer product of gradients (Constantine et al. 2014, doi
// 10.1137/130916138).
ReceptiveFields MeasureReceptiveFields(const std::function<torch::Tensor(const torch::Tensor&)>& respond,
                                       const torch::Tensor& images, std::span<const int64_t> neurons);

}  // namespace murine
