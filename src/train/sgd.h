// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "io/safetensors.h"
#include "nn/torch.h"

namespace murine {

// Stochastic gradient descent with momentum and L2 weight decay, as PyTorch defines them:
// g += decay * p; m = momentum * m + g (m = g at first); p -= lr * m.
class Sgd {
 public:
  struct Group {
    std::vector<torch::Tensor> parameters;
    double weight_decay;
  };
  Sgd(std::vector<Group> groups, double momentum);

  // False: a gradient or weight is NaN or infinite. The parameters are of no use then.
  bool Step(double lr);
  void ZeroGradients();

  void AddState(SafeTensors& file) const;  // "momentum.N"
  void CopyState(const SafeTensors& file, const std::string& where);

 private:
  std::vector<Group> groups_;
  std::vector<torch::Tensor> velocity_;
  double momentum_;
};

}  // namespace murine
