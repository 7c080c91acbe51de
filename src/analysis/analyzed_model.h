// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/image_set.h"
#include "nn/classifier.h"
#include "nn/folded_resnet.h"

namespace murine {

// A model under analysis and the condition whose seed it is.
struct AnalyzedModel {
  std::string condition;
  Classifier classifier;
  std::shared_ptr<const FoldedResNet> network;  // null: inner stages are not known
  int64_t largest_stage = 0;                    // values of its largest output for one image
  std::vector<double> stage_weights;            // [5]; empty: not known
};

// How models that do not say so themselves take their inputs (nn/load_classifier.h).
struct ForeignInputs {
  std::string normalize, stem;
};

// `named` is PATH or NAME=PATH. Without names, models of murine's that differ in the seed alone are one
// condition, called as the first one's folder without "-seedN" and what follows; any other model is a
// condition of its own. Errors: what the readers refuse; models of one condition that see images of other
// sizes or classes.
std::vector<AnalyzedModel> LoadModels(const std::vector<std::string>& named, const ImageSet& images,
                                      const ForeignInputs& inputs);

extern const std::vector<std::string> kStageNames;  // stem, layer1 .. layer4

// What a part of the analysis keeps at the same time: so many copies of one stage's features of its images.
struct StageNeed {
  std::string part;
  int64_t images = 0, copies = 1;
  std::string fewer;  // what the user gives less of to need less: "a slice of --data (@START-END)"
};
// Error: there is not as much memory as that takes at least.
void RequireMemoryForStage(const AnalyzedModel& model, const StageNeed& need);

// The output of one stage for images of any size and of one channel or the model's, [images, features].
torch::Tensor StageFeatures(const AnalyzedModel& model, const ImageSet& images, size_t stage);

}  // namespace murine
