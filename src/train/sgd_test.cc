// SPDX-License-Identifier: Apache-2.0
#include "train/sgd.h"

#include <gtest/gtest.h>
#include <torch/optim.h>

#include "nn/tensor.h"

namespace murine::sgd_test {

torch::Tensor Start() { return NormalTensor({5, 3}, 1, RandomStream(0, "start")).requires_grad_(true); }

torch::Tensor Loss(const torch::Tensor& p) { return (p * p * p).sum() + p.exp().sum(); }

TEST(Sgd, StepsAsTorchDoes) {
  torch::Tensor ours = Start(), theirs = Start();
  Sgd sgd({{{ours}, 0.01}}, 0.9);
  torch::optim::SGD reference({theirs}, torch::optim::SGDOptions(0.05).momentum(0.9).weight_decay(0.01));
  for (int step = 0; step < 5; ++step) {
    sgd.ZeroGradients();
    reference.zero_grad();
    Loss(ours).backward();
    Loss(theirs).backward();
    sgd.Step(0.05);
    reference.step();
  }
  EXPECT_TRUE(torch::allclose(ours, theirs, 1e-6, 1e-6));
  EXPECT_FALSE(torch::allclose(ours, Start(), 1e-3, 1e-3));
}

TEST(Sgd, GoesOnFromItsState) {
  const auto step = [](Sgd& sgd, const torch::Tensor& p) {
    sgd.ZeroGradients();
    Loss(p).backward();
    sgd.Step(0.05);
  };
  torch::Tensor straight = Start(), first = Start();
  Sgd whole({{{straight}, 0}}, 0.9), half({{{first}, 0}}, 0.9);
  step(whole, straight);
  step(whole, straight);
  step(half, first);
  SafeTensors state;
  half.AddState(state);
  torch::Tensor second = first.detach().clone().requires_grad_(true);
  Sgd rest({{{second}, 0}}, 0.9);
  rest.CopyState(state, "state");
  step(rest, second);
  EXPECT_TRUE(second.equal(straight));
}

}  // namespace murine::sgd_test
