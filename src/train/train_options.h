// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "data/image_set.h"
#include "nn/resnet_options.h"
#include "similarity/pairs.h"
#include "train/schedule.h"

namespace murine {

enum class Precision { kFp32, kBf16 };
inline std::span<const EnumName<Precision>> EnumNames(Precision) {
  static constexpr EnumName<Precision> kNames[] = {{Precision::kFp32, "fp32"}, {Precision::kBf16, "bf16"}};
  return kNames;
}

// `murine train`. Without a target: the unregularized baseline.
struct TrainOptions {
  std::string data;
  bool color = false;
  std::string resize;
  std::string stimuli;
  std::string target;
  double alpha = 20;
  double clamp = 1e-5;
  PairScheme pairs = PairScheme::kRandom;
  int64_t pair_images = 32;
  int depth = 18;
  int64_t width = 64;
  Stem stem = Stem::k3x3;
  int64_t epochs = 40;
  int64_t batch = 64;
  int64_t parts = 1;
  double lr = 0.1;
  double momentum = 0.9;
  double weight_decay = 5e-4;
  Schedule schedule = Schedule::kSteps;
  Precision precision = Precision::kFp32;
  std::string augment = "crop,flip";
  std::string adversarial;
  int64_t adversarial_steps = 7;
  double blur = 0;
  std::string validation_noise = "gaussian:0.04,0.06,0.08,0.1";
  int64_t checkpoint_seconds = 60;
  uint64_t seed = 0;

  void Check() const;  // Error kUsage
  // What results depend on: no times between saved states, and no `parts` where there is but one.
  static void KeepIdentity(Json& options);
  bool regularized() const { return !target.empty(); }
  double adversarial_epsilon() const;  // 0: none. Error kUsage where it is no number in [0, 1]

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("data", self.data, "image set to classify; its train split is learned, its test split scored");
    visit("color", self.color, "keep colour; the default is grayscale");
    visit("resize", self.resize, "HxW: resize the images first");
    visit("stimuli", self.stimuli, "image set whose similarities are learned");
    visit("target", self.target, "similarity target S.npy of those stimuli");
    visit("alpha", self.alpha,
          "weight of the similarity loss, in the units of the formula (arctanh, not 2 arctanh)");
    visit("clamp", self.clamp, "similarities are clamped to 1 - clamp before arctanh");
    visit("pairs", self.pairs, "random: disjoint pairs of the step's stimuli; all: every pair of them");
    visit("pair-images", self.pair_images, "stimuli a step");
    visit("depth", self.depth, "18 or 34");
    visit("width", self.width, "channels of the stem; 64 is the full ResNet");
    visit("stem", self.stem, "first convolution: 3x3 or 7x7");
    visit("epochs", self.epochs, "passes over the training images");
    visit("batch", self.batch, "images a step");
    visit("parts", self.parts,
          "equal parts of a step, each normalized by itself; up to so many processes share them, and any "
          "number "
          "gives the same bits (docs/scaling.md)");
    visit("lr", self.lr, "learning rate");
    visit("momentum", self.momentum, "of SGD");
    visit("weight-decay", self.weight_decay, "of SGD, on the network's parameters");
    visit("schedule", self.schedule, "steps: x0.3 every 4 epochs, cycles of 20; linear: warm-up, then to 0");
    visit("precision", self.precision,
          "of features: fp32, or bf16, in half the memory; weights and losses are fp32");
    visit("augment", self.augment, "crop, flip, noise:SIGMA, separated by commas; or none");
    visit("adversarial", self.adversarial,
          "train on images moved by PGD, at most this far in L-infinity, such as 2/255; default: none");
    visit("adversarial-steps", self.adversarial_steps, "of that PGD, each of 2.5 epsilon / steps");
    visit("blur", self.blur,
          "standard deviation of a fixed Gaussian in front of the network, pixels; a part of the model");
    visit(
        "validation-noise", self.validation_noise,
        "noise tests of the finished network on the validation images (for choosing alpha), as of evaluate");
    visit("checkpoint-seconds", self.checkpoint_seconds,
          "time between saved states; does not change results");
    visit("seed", self.seed, "names every random draw");
  }
};

}  // namespace murine
