// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/options.h"

namespace murine {

struct AnalyzeOptions {
  std::vector<std::string> models;
  std::string data;
  bool color = false;
  std::string normalize, stem;
  std::string parts = "all";
  std::vector<std::string> recordings, targets;
  std::string stimuli;
  int64_t images = 200;
  int64_t attack_steps = 100;
  int severity = 3;
  double fourier_norm = 4;
  double step = 0.1;
  uint64_t seed = 0;

  void Check() const;  // Error kUsage

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("model", self.models,
          "run folders or safetensors ResNets, each PATH or CONDITION=PATH; models that differ in their seed "
          "alone "
          "are one condition");
    visit("data", self.data, "labelled image set; its test split is used");
    visit("color", self.color, "keep colour; the default is grayscale");
    visit("normalize", self.normalize, "how foreign models scale their inputs: MEAN,...:SD,..., or none");
    visit("stem", self.stem, "first layers of foreign ResNets with 7x7 kernels: 7x7 or imagenet");
    visit("parts", self.parts,
          "all, or some of: perturbations, corruptions, hybrid, fourier, eigenspectrum, likeness, stages, "
          "geometry, "
          "examples");
    visit("recording", self.recordings, "recordings that every stage is compared with");
    visit("target", self.targets, "similarity targets that every stage is compared with");
    visit("stimuli", self.stimuli, "image set of the targets");
    visit("images", self.images,
          "how many images are attacked, differentiated and changed along Fourier directions");
    visit("attack-steps", self.attack_steps, "of FMN, which finds the least perturbations");
    visit("severity", self.severity, "of the corruptions, 1 to 5");
    visit("fourier-norm", self.fourier_norm, "L2 norm of a Fourier direction in each channel");
    visit("step", self.step, "L2 distance over which the curvature is taken");
    visit("seed", self.seed, "names every random draw");
  }
};

// Why models differ: docs/analysis.md. Writes `out` (JSON: config, n, conditions [{name, models, description,
// values, curves, maps}], references, examples) with pictures beside it, or finds them made by the same
// configuration. An interrupted analysis goes on after its last finished part.
// Error, before anything is loaded: a file at `out` that is no JSON.
Json Analyze(const AnalyzeOptions& options, const std::filesystem::path& out);

}  // namespace murine
