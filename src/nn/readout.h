// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/cortex_map.h"
#include "nn/encoder_options.h"
#include "nn/read_points.h"
#include "nn/torch.h"

namespace murine {

// A place in the feature map and learned weights for each neuron. With several scales it reads the features
// at their own size, averaged over 2 x 2 pixels, and so on, at the same place, with weights for each (a
// pyramid as in Sinz et al. 2018).
class ReadoutImpl : public torch::nn::Module {
 public:
  struct Shape {
    int64_t features, neurons, scales = 1;
    ReadoutKind kind = ReadoutKind::kPoint;
    PlaceKind places = PlaceKind::kLearned;
  };
  // Places from (seed, "readout/positions"), uniform within 0.3 of the centre, or from a CortexMap;
  // deviations from (seed, "readout/spread"), within 0.1; weights start at 1 / (features of all scales).
  ReadoutImpl(const Shape& shape, uint64_t seed);

  // features [n, f, h, w] -> [n, neurons]. shift [n, 2] is added to every position; may be undefined. noise
  // [n, neurons, 2], standard normal, moves a Gaussian readout's place by its covariance, no further than the
  // border; undefined: it reads at its mean.
  torch::Tensor forward(const torch::Tensor& features, const torch::Tensor& shift,
                        const torch::Tensor& noise = {});
  bool draws_places() const { return shape_.kind != ReadoutKind::kPoint; }

  void Place(const torch::Tensor& positions);  // [neurons, 2], or as close as the cortex map comes
  // Of the neurons [neurons, 2 or more], micrometres: for places from the cortex.
  void SetCoordinates(const torch::Tensor& position_um);
  torch::Tensor Places();  // [neurons, 2]
  torch::Tensor SparsityPenalty() const { return weights_.abs().sum(); }

 private:
  Shape shape_;
  torch::Tensor positions_, spread_, weights_;
  CortexMap cortex_{nullptr};
};
TORCH_MODULE(Readout);

}  // namespace murine
