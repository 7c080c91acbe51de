// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/options.h"
#include "data/image_set.h"
#include "nn/classifier.h"

namespace murine {

struct EvaluateOptions {
  std::string model;
  std::string data;
  bool color = false;
  std::string noise = "gaussian";
  std::string attacks;
  int64_t pgd_steps = 20;
  int64_t restarts = 1;
  int64_t batch = 250;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("model", self.model, "run folder, or safetensors file of a classifier");
    visit("data", self.data, "labelled image set; its test split is used");
    visit("color", self.color, "keep colour; the default is grayscale");
    visit("noise", self.noise,
          "tests name[:level,level,...]: gaussian, uniform, salt-and-pepper, speckle, poisson; separated by "
          "spaces");
    visit("attacks", self.attacks,
          "attacks name[:linf|l2][:epsilon,epsilon,...]: fgsm, pgd; an epsilon may be 8/255");
    visit("pgd-steps", self.pgd_steps, "steps of pgd, each of 2.5 epsilon / steps");
    visit("restarts", self.restarts, "random starts of pgd");
    visit("batch", self.batch, "images at once");
    visit("seed", self.seed, "names noise and random starts");
  }
};

// Runs every test and writes `out` (JSON: config, clean accuracy, one entry a test and level) and, beside it,
// `out` with .images.csv: index, label, clean prediction, and for every test whether the image was classified
// correctly. Goes on after the last finished test when started again. Accuracies are of all images;
// `success_rate` is the share of the correctly classified images that the test flips; `interval` is Wilson's
// at 95 %. The returned object also holds the seconds of every test, null
// where an earlier call ran it.
Json Evaluate(const EvaluateOptions& options, const std::filesystem::path& out);

}  // namespace murine
