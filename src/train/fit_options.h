// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"

namespace murine {

// `murine fit`.
struct FitOptions {
  std::string recording;
  int64_t channels = 16;
  int64_t layers = 3;
  int64_t input_kernel = 9;
  int64_t hidden_kernel = 5;
  int64_t stride = 2;
  double laplace = 10;
  double sparsity = 3;
  double lr = 0.01;
  int64_t batch = 64;
  int64_t max_epochs = 100;
  int64_t patience = 4;
  int64_t decays = 2;
  uint64_t seed = 0;

  void Check() const;  // Error kUsage

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("recording", self.recording, "recording (HDF5)");
    visit("channels", self.channels, "of each layer of the core");
    visit("layers", self.layers, "of the core");
    visit("input-kernel", self.input_kernel, "size of the first layer's filters, pixels, odd");
    visit("hidden-kernel", self.hidden_kernel, "size of the other layers' filters, odd");
    visit("stride", self.stride, "of the first layer, pixels: with 2 the other layers see a quarter of them");
    visit("laplace", self.laplace, "weight of the penalty on rough filters in the first layer");
    visit("sparsity", self.sparsity, "weight of the L1 penalty on readout weights");
    visit("lr", self.lr, "Adam's learning rate at first");
    visit("batch", self.batch, "trials a step");
    visit("max-epochs", self.max_epochs, "passes over the training trials, at most");
    visit("patience", self.patience, "epochs without a better validation correlation before the rate decays");
    visit("decays", self.decays, "of the learning rate, x0.3 each, from the best weights; then it ends");
    visit("seed", self.seed, "names every random draw");
  }
};

}  // namespace murine
