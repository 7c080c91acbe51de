// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"

namespace murine {

enum class Aim;  // robustness/test_spec.h

enum class Targets { kNone, kElementWise, kClassWise };
inline std::span<const EnumName<Targets>> EnumNames(Targets) {
  static constexpr EnumName<Targets> kNames[] = {
      {Targets::kNone, "none"}, {Targets::kElementWise, "element-wise"}, {Targets::kClassWise, "class-wise"}};
  return kNames;
}

struct EvaluateOptions {
  std::string model;
  std::string data;
  bool color = false;
  std::string normalize, stem;
  bool allow_torchscript = false;
  std::string noise = "gaussian";
  std::string corruptions, frost, cifar10_c;
  std::string attacks;
  Targets targets = Targets::kNone;
  std::string transfer_from;
  int64_t pgd_steps = 20;
  int64_t attack_steps = 0;
  int64_t restarts = 1;
  int64_t batch = 250;
  uint64_t seed = 0;

  void CheckTests() const;  // all but where the model and the images are; Error kUsage
  Aim aim() const;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("model", self.model, "run folder, safetensors ResNet, or TorchScript file");
    visit("data", self.data, "labelled image set; its test split is used");
    visit("color", self.color, "keep colour; the default is grayscale");
    visit("normalize", self.normalize,
          "how a foreign model scales its inputs: MEAN,...:SD,... (one or a channel each), or none");
    visit("stem", self.stem,
          "first layers of a foreign ResNet with 7x7 kernels: 7x7 (stride 1, no pooling) or imagenet (stride "
          "2, "
          "max-pooling)");
    visit("allow-torchscript", self.allow_torchscript, "run a TorchScript model: it is code");
    visit("noise", self.noise,
          "tests name[:level,level,...]: gaussian, uniform, salt-and-pepper, speckle, poisson; separated by "
          "spaces");
    visit("corruptions", self.corruptions,
          "tests name[:severity,...]: cifar10-c-like (the 15 corruptions of CIFAR-10-C, made here), extra (4 "
          "more), or one by its name, such as fog");
    visit("frost", self.frost, "folder of textures for frost, which is left out without");
    visit("cifar10-c", self.cifar10_c, "folder of the published arrays of CIFAR-10-C");
    visit(
        "attacks", self.attacks,
        "attacks name[:linf|l2][:epsilon,epsilon,...]: fgsm, pgd, apgd-ce, apgd-dlr, apgd, square, fab, "
        "autoattack, and for the least perturbation boundary, brendel-bethge, fmn, deepfool, cw; an epsilon "
        "may be 8/255");
    visit("targets", self.targets,
          "class each image shall be taken for: none, or labels shuffled element-wise or class-wise");
    visit("transfer-from", self.transfer_from, "attack this model and try what comes out on MODEL");
    visit("pgd-steps", self.pgd_steps, "steps of pgd, each of 2.5 epsilon / steps");
    visit("attack-steps", self.attack_steps,
          "steps (square: queries) of all attacks but fgsm and pgd; 0: what each has by default");
    visit("restarts", self.restarts, "random starts of pgd, apgd and square");
    visit("batch", self.batch, "images at once");
    visit("seed", self.seed, "names noise, corruptions and random starts");
  }
};

}  // namespace murine
