// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "robustness/attack.h"

namespace murine {

// For tests: a linear classifier f_k = w_k . (x - 1/2) + b_k and images whose least perturbations are known.
enum class Images {
  kAny,    // inside the box with their least perturbations
  kClear,  // and with one rival that leads all others, so that attacks without targets aim at the nearest
           // class
};

struct LinearModel {
  LinearModel(int64_t classes, at::IntArrayRef image_shape, int64_t count, Images kind, uint64_t seed);
  LinearModel(const LinearModel&) = delete;
  LinearModel& operator=(const LinearModel&) = delete;

  // The least of f_k / |w_y - w_k| in the dual norm over the other classes k, [n].
  torch::Tensor Least(Norm norm) const;

  torch::Tensor weights, bias;  // [classes, values], [classes]
  AttackInput input;
  Classifier classifier;

 private:
  torch::Tensor Distances(Norm norm, const torch::Tensor& images, const torch::Tensor& labels) const;
};

}  // namespace murine
