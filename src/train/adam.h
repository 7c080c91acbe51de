// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "io/safetensors.h"
#include "nn/torch.h"

namespace murine {

// Adam (Kingma and Ba 2015, arXiv 1412.6980) with bias correction, beta 0.9 and 0.999, epsilon 1e-8, as
// PyTorch computes it.
class Adam {
 public:
  // `paces`: the share of the learning rate that each parameter takes; empty: all of it.
  explicit Adam(const std::vector<torch::Tensor>& parameters, const std::vector<double>& paces = {});

  // False: a gradient or weight is NaN or infinite. The parameters are of no use then.
  bool Step(double lr);
  void ZeroGradients();

  void AddState(SafeTensors& file) const;  // "adam.N.mean", "adam.N.square", "adam.steps"
  void CopyState(const SafeTensors& file, const std::string& where);

 private:
  struct Entry {
    torch::Tensor parameter, mean, square;
    double pace;
  };
  std::vector<Entry> entries_;
  int64_t steps_ = 0;
};

}  // namespace murine
