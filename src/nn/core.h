// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "nn/encoder_options.h"
#include "nn/torch.h"

namespace murine {

// The part of an encoding model that all neurons share: convolutions, padded to keep the size, each followed
// by batch norm and (unless it is linear) ELU. Dense: every layer sees the outputs of all earlier ones,
// concatenated, and all layers' outputs are the features (Sinz et al. 2018, Walker et al. 2019). Stacked and
// linear: layers behind the first are depth-separable (1 x 1, then one filter a channel, then 1 x 1), and the
// last one's outputs are the features (Willeke et al. 2022, arXiv 2206.08666).
class CoreImpl : public torch::nn::Module {
 public:
  struct Shape {
    int64_t channels, layers, input_kernel, hidden_kernel;
    int64_t stride = 1;  // of the first layer
    CoreKind kind = CoreKind::kDense;
  };
  // Weights from the streams (seed, "core/NAME").
  CoreImpl(const Shape& shape, uint64_t seed);

  // x [n, 1, h, w] -> [n, features(), ceil(h / stride), ceil(w / stride)], channels side by side in memory
  // (channels_last), as the readout likes them best. Batch norm follows is_training().
  torch::Tensor forward(const torch::Tensor& x);
  int64_t features() const {
    return shape_.kind == CoreKind::kDense ? shape_.channels * shape_.layers : shape_.channels;
  }

  // Sum of squares of the first layer's filters after a Laplacian: smooth filters cost little.
  torch::Tensor LaplacePenalty() const;

 private:
  struct Layer {
    std::vector<torch::nn::Conv2d> convolutions;  // one after another
    torch::nn::BatchNorm2d norm{nullptr};
  };
  torch::nn::Conv2d AddConvolution(const std::string& name, const torch::nn::Conv2dOptions& options,
                                   uint64_t seed);

  Shape shape_;
  std::vector<Layer> layers_;
};
TORCH_MODULE(Core);

}  // namespace murine
