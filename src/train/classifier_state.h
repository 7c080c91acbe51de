// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "nn/resnet.h"
#include "train/sgd.h"
#include "train/similarity_loss.h"
#include "train/train_options.h"

namespace murine {

// All that a training is in the middle of: what it needs to go on to the same bits.
struct ClassifierState {
  ClassifierState(const ResNetOptions& architecture, const TrainOptions& options);

  ResNet network;
  StageSimilarity similarity;
  Sgd sgd;
  int64_t epoch = 0, step = 0;                // of the step that comes next
  double task_loss = 0, similarity_loss = 0;  // summed over the steps of this epoch
  double best_loss = std::numeric_limits<double>::infinity();
  int64_t best_epoch = -1;

  void KeepAsBest(double validation_loss);
  void RestoreBest();
  void StartNextEpoch();

  SafeTensors best;  // network and stage similarity of the best epoch
};

void WriteState(const std::filesystem::path& path, const ClassifierState& state, const Json& identity);
// `file`: the bytes of one, read from `where`. A state of another configuration is refused.
void ReadState(std::string_view file, const std::string& where, ClassifierState& state, const Json& identity);

// The network with torchvision's names; options, result and stage similarity in the metadata.
void WriteModel(const std::filesystem::path& path, const ClassifierState& state, const Json& identity,
                const Json& result);

}  // namespace murine
