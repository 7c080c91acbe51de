// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "train/fit_data.h"

namespace murine {

// What models without a network predict of the test trials, [those trials, neuron] in the recording's units.
struct BaselinePredictions {
  NdArray<float> ridge;
  NdArray<float> linear;
};

// Ridge: regression from the image's pixels and local contrasts, which complex cells follow, both at 24 rows
// or columns at most along the shorter side and standardized over the training trials. Linear: an LN model
// (Chichilnisky 2001, doi 10.1088/0954-898X/12/2/306): a filter of the same pixels by ridge regression, then
// each neuron's nonlinearity: its mean response where the filter, fitted without that trial, gave as much.
// The penalties are those of a grid that predict the validation trials best in the mean over neurons.
BaselinePredictions PredictBaselines(const FitData& data);

// Ridge regression with an intercept, columns of `x` standardized and `y` centred over its rows.
struct RidgeFit {
  double penalty = 0;        // in units of the number of rows
  torch::Tensor validation;  // predictions [validation rows, y's columns]
  torch::Tensor test;        // [test rows, y's columns]
  torch::Tensor left_out;    // of each training row by the fit without it
};
// x [rows, features], y [rows, columns]; the penalty whose validation predictions correlate best.
// `tell` hears how many penalties have been tried, 0 at first.
RidgeFit FitRidge(
    const torch::Tensor& x, const torch::Tensor& y, const torch::Tensor& validation_x,
    const torch::Tensor& validation_y, const torch::Tensor& test_x,
    const std::function<void(int64_t done)>& tell = [](int64_t) {});

}  // namespace murine
