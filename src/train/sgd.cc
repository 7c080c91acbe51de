// SPDX-License-Identifier: Apache-2.0
#include "train/sgd.h"

#include <fmt/format.h>

#include "nn/checkpoint.h"
#include "train/sgd_kernel.h"

namespace murine {

Sgd::Sgd(std::vector<Group> groups, double momentum) : groups_(std::move(groups)), momentum_(momentum) {
  for (const Group& group : groups_)
    for (const torch::Tensor& parameter : group.parameters) velocity_.push_back(torch::zeros_like(parameter));
}

// Starting from m = 0 gives m = g at the first step, as PyTorch has it.
bool Sgd::Step(double lr) {
  bool finite = true;
  torch::NoGradGuard no_grad;
  size_t i = 0;
  for (Group& group : groups_)
    for (torch::Tensor& parameter : group.parameters) {
      torch::Tensor& velocity = velocity_[i++];
      if (!parameter.grad().defined()) continue;
      const torch::Tensor gradient = parameter.grad().contiguous();
      finite &= SgdStep(parameter.numel(), parameter.data_ptr<float>(), velocity.data_ptr<float>(),
                        gradient.data_ptr<float>(), static_cast<float>(lr), static_cast<float>(momentum_),
                        static_cast<float>(group.weight_decay));
      parameter.unsafeGetTensorImpl()
          ->bump_version();  // autograd is to notice a graph that outlived its weights
    }
  return finite;
}

void Sgd::ZeroGradients() {
  for (Group& group : groups_)
    for (torch::Tensor& parameter : group.parameters) parameter.mutable_grad().reset();
}

void Sgd::AddState(SafeTensors& file) const {
  for (size_t i = 0; i < velocity_.size(); ++i) AddTensor(file, fmt::format("momentum.{}", i), velocity_[i]);
}

void Sgd::CopyState(const SafeTensors& file, const std::string& where) {
  for (size_t i = 0; i < velocity_.size(); ++i)
    CopyTensor(file, fmt::format("momentum.{}", i), velocity_[i], where);
}

}  // namespace murine
