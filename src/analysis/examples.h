// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "analysis/analyzed_model.h"
#include "base/json.h"

namespace murine {

// Some images to look at. The first image of each class, eight at most: under Gaussian noise of several
// levels with the answers of each condition's first model, and four of them with their least adversarial
// perturbation (FMN, L2).
//   labels [k], classes [names], or null where they are not known;
//   noise {levels, answers [{condition, classes [k][level], confidence [k][level]}]}: the picture has a row
//   an image and a column a level; adversarial [{condition, image, label, answer, l2, magnified}]: the
//   picture has a row an entry; original, changed image, and their difference times `magnified` around middle
//   grey. answer null: nothing was found.
// `data` names the kind of images. Pictures: PATH.noise.png and PATH.adversarial.png.
struct ExampleOptions {
  std::string data;
  int64_t steps = 100;
  uint64_t seed = 0;
};
Json MakeExamples(const std::vector<AnalyzedModel>& models, const ImageSet& original,
                  const ExampleOptions& options, const std::filesystem::path& path);

}  // namespace murine
