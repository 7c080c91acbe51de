// SPDX-License-Identifier: Apache-2.0
#include "train/adam.h"

#include <fmt/format.h>

#include <cmath>

#include "nn/checkpoint.h"

namespace murine {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

}  // namespace

Adam::Adam(const std::vector<torch::Tensor>& parameters, const std::vector<double>& paces) {
  for (size_t i = 0; i < parameters.size(); ++i)
    entries_.push_back({parameters[i], torch::zeros_like(parameters[i]), torch::zeros_like(parameters[i]),
                        paces.empty() ? 1 : paces[i]});
}

bool Adam::Step(double lr) {
  torch::NoGradGuard no_grad;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double step_size = lr / (1 - std::pow(kBeta1, t));
  const double root = std::sqrt(1 - std::pow(kBeta2, t));
  double faults = 0;  // stays 0 while all values are finite, then is NaN
  for (Entry& entry : entries_) {
    const torch::Tensor& gradient = entry.parameter.grad();
    if (!gradient.defined()) continue;
    entry.mean.mul_(kBeta1).add_(gradient, 1 - kBeta1);
    entry.square.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    entry.parameter.addcdiv_(entry.mean, (entry.square.sqrt() / root).add_(kEpsilon),
                             -step_size * entry.pace);
    faults += 0 * entry.parameter.sum().item<double>();
  }
  return faults == 0;
}

void Adam::ZeroGradients() {
  for (Entry& entry : entries_) entry.parameter.mutable_grad().reset();
}

void Adam::AddState(SafeTensors& file) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    AddTensor(file, fmt::format("adam.{}.mean", i), entries_[i].mean);
    AddTensor(file, fmt::format("adam.{}.square", i), entries_[i].square);
  }
  AddTensor(file, "adam.steps", torch::tensor({steps_}, torch::kInt64));
}

void Adam::CopyState(const SafeTensors& file, const std::string& where) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    CopyTensor(file, fmt::format("adam.{}.mean", i), entries_[i].mean, where);
    CopyTensor(file, fmt::format("adam.{}.square", i), entries_[i].square, where);
  }
  const torch::Tensor steps = torch::zeros({1}, torch::kInt64);
  CopyTensor(file, "adam.steps", steps, where);
  steps_ = steps.item<int64_t>();
}

}  // namespace murine
