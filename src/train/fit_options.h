// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/options.h"
#include "nn/encoder_options.h"

namespace murine {

// How far predictions are from responses (docs/metrics.md).
enum class LossKind { kPoisson, kSquares, kAnscombe };
inline std::span<const EnumName<LossKind>> EnumNames(LossKind) {
  static constexpr EnumName<LossKind> kNames[] = {
      {LossKind::kPoisson, "poisson"}, {LossKind::kSquares, "mse"}, {LossKind::kAnscombe, "anscombe"}};
  return kNames;
}

// `murine fit`.
struct FitOptions {
  std::vector<std::string> recordings;
  CoreKind core = CoreKind::kDense;
  int64_t channels = 16;
  int64_t layers = 3;
  int64_t input_kernel = 9;
  int64_t hidden_kernel = 5;
  int64_t stride = 2;
  ReadoutKind readout = ReadoutKind::kPoint;
  PlaceKind places = PlaceKind::kLearned;
  int64_t scales = 1;
  LossKind loss = LossKind::kPoisson;
  double laplace = 10;
  double sparsity = 3;
  double lr = 0.01;
  int64_t batch = 64;
  int64_t max_epochs = 100;
  int64_t patience = 4;
  int64_t decays = 2;
  int64_t folds = 0;
  uint64_t seed = 0;

  void Check() const;  // Error kUsage
  EncoderOptions Architecture(int64_t height, int64_t width, int64_t neurons) const;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("recording", self.recordings, "recordings (HDF5, folder or zip); several share one core");
    visit("core", self.core, "dense, stacked (depth-separable) or linear (stacked without nonlinearities)");
    visit("channels", self.channels, "of each layer of the core");
    visit("layers", self.layers, "of the core");
    visit("input-kernel", self.input_kernel, "size of the first layer's filters, pixels, odd");
    visit("hidden-kernel", self.hidden_kernel, "size of the other layers' filters, odd");
    visit("stride", self.stride, "of the first layer, pixels: with 2 the other layers see a quarter of them");
    visit("readout", self.readout,
          "point, or gaussian or gaussian-isotropic: the place is drawn anew for every trial while fitting");
    visit("places", self.places,
          "of the readout: learned, or from the neurons' cortical coordinates through a network (cortex)");
    visit("scales", self.scales, "levels of a pyramid of the features that the readout reads");
    visit("loss", self.loss, "poisson, mse or anscombe (mse after that transform)");
    visit("laplace", self.laplace, "weight of the penalty on rough filters in the first layer");
    visit("sparsity", self.sparsity, "weight of the L1 penalty on readout weights");
    visit("lr", self.lr, "Adam's learning rate at first");
    visit("batch", self.batch, "trials of each recording a step");
    visit("max-epochs", self.max_epochs, "passes over the training trials, at most");
    visit("patience", self.patience, "epochs without a better validation correlation before the rate decays");
    visit("decays", self.decays, "of the learning rate, x0.3 each, from the best weights; then it ends");
    visit("folds", self.folds,
          "scores each fold of the images by a model of its own that is fitted on the others; 0: scores the "
          "test trials");
    visit("seed", self.seed, "names every random draw");
  }
};

}  // namespace murine
