// SPDX-License-Identifier: Apache-2.0
#include "train/adam.h"

#include <gtest/gtest.h>
#include <torch/optim.h>

#include "nn/tensor.h"

namespace murine::adam_test {

torch::Tensor Start() { return NormalTensor({5, 3}, 1, RandomStream(0, "start")).requires_grad_(true); }

torch::Tensor Loss(const torch::Tensor& p) { return (p * p * p * p).sum() + p.exp().sum(); }

TEST(Adam, StepsAsTorchDoes) {
  torch::Tensor ours = Start(), theirs = Start();
  Adam adam({ours});
  torch::optim::Adam reference({theirs}, torch::optim::AdamOptions(0.05));
  for (int step = 0; step < 20; ++step) {
    adam.ZeroGradients();
    reference.zero_grad();
    Loss(ours).backward();
    Loss(theirs).backward();
    adam.Step(0.05);
    reference.step();
  }
  EXPECT_TRUE(torch::allclose(ours, theirs, 1e-5, 1e-6));
  EXPECT_FALSE(torch::allclose(ours, Start(), 0.1, 0.1));
}

// With bias correction the first step is lr times the gradient's sign.
TEST(Adam, FirstStepIsTheLearningRate) {
  torch::Tensor p = torch::tensor({1.f, -2.f, 5.f}).requires_grad_(true);
  Adam adam({p});
  (p * torch::tensor({3.f, -0.5f, 40.f})).sum().backward();
  adam.Step(0.1);
  EXPECT_TRUE(torch::allclose(p, torch::tensor({0.9f, -1.9f, 4.9f}), 0, 1e-6));
}

TEST(Adam, GoesOnFromItsState) {
  const auto step = [](Adam& adam, const torch::Tensor& p) {
    adam.ZeroGradients();
    Loss(p).backward();
    adam.Step(0.05);
  };
  torch::Tensor straight = Start(), first = Start();
  Adam whole({straight}), half({first});
  for (int i = 0; i < 4; ++i) step(whole, straight);
  for (int i = 0; i < 2; ++i) step(half, first);
  SafeTensors state;
  half.AddState(state);
  torch::Tensor second = first.detach().clone().requires_grad_(true);
  Adam rest({second});
  rest.CopyState(state, "state");
  for (int i = 0; i < 2; ++i) step(rest, second);
  EXPECT_TRUE(second.equal(straight));
}

TEST(Adam, APaceIsAShareOfTheLearningRate) {
  torch::Tensor whole = torch::ones({2}, torch::requires_grad()),
                tenth = torch::ones({2}, torch::requires_grad());
  Adam adam({whole, tenth}, {1, 0.1});
  for (int step = 0; step < 3; ++step) {
    adam.ZeroGradients();
    (3 * whole + 3 * tenth).sum().backward();
    adam.Step(0.01);
  }
  EXPECT_NEAR(1 - whole[0].item<double>(), 0.03, 1e-6);  // equal gradients move by the rate
  EXPECT_NEAR(1 - tenth[1].item<double>(), 0.003, 1e-6);
}

}  // namespace murine::adam_test
