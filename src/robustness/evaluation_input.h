// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/json.h"
#include "nn/classifier.h"
#include "robustness/corrupted_images.h"
#include "robustness/frost_textures.h"
#include "robustness/suite.h"

namespace murine {

// Everything that an evaluation reads, checked against each other before the first test runs.
struct EvaluationInput {
  Classifier classifier;
  std::optional<Classifier> source;  // the model that is attacked in the classifier's place
  ImageSet original, images;         // as they came, and at the model's size
  FrostTextures frost;
  std::optional<PublishedCorruptions> published;
  Json left_out;  // corruptions that cannot be run: [{name, why}]
  Json config;    // the options, with hashes in place of paths
};

// Errors: malformed tests, images without labels or of other channels, labels outside the classes, fewer
// classes than an attack needs, models that do not fit each other or are in training mode, and what the
// readers refuse.
EvaluationInput PrepareEvaluation(const EvaluateOptions& options);

// Error: images of other channels than the model's, or labels outside its classes.
void CheckFits(const ImageSet& images, const Classifier& classifier, const std::string& data);

// Resized to the model's input where that is another.
ImageSet FitToModel(const ImageSet& images, const Classifier& classifier);

}  // namespace murine
