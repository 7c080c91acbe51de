// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "nn/torch.h"

namespace murine {

// The part of an encoding model that all neurons share: convolutions with skip connections. Every layer sees
// the image features of all earlier layers, concatenated; batch norm and ELU follow each; the outputs of all
// layers, concatenated, are the features (Sinz et al. 2018, Walker et al. 2019).
class CoreImpl : public torch::nn::Module {
 public:
  struct Shape {
    int64_t channels, layers, input_kernel, hidden_kernel;
    int64_t stride = 1;  // of the first layer
  };
  // Weights from the streams (seed, "core/NAME").
  CoreImpl(const Shape& shape, uint64_t seed);

  // x [n, 1, h, w] -> [n, features(), ceil(h / stride), ceil(w / stride)]. Batch norm follows is_training().
  torch::Tensor forward(const torch::Tensor& x);
  int64_t features() const { return shape_.channels * shape_.layers; }

  // Sum of squares of the first layer's filters after a Laplacian: smooth filters cost little.
  torch::Tensor LaplacePenalty() const;

 private:
  Shape shape_;
  std::vector<torch::nn::Conv2d> convolutions_;
  std::vector<torch::nn::BatchNorm2d> norms_;
};
TORCH_MODULE(Core);

}  // namespace murine
