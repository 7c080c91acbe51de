// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "experiment/experiment.h"

namespace murine {

// Hashes of the files that an experiment names, each read once. They stand for the files in the keys of
// stages: a key says what is in a file, not where it lies or when it was written.
class InputHashes {
 public:
  // Of a file, or of all files in a folder with their names. Errors: missing.
  const std::string& OfPath(const std::filesystem::path& path);
  // "cifar10@0-1000 HASH"; sets that are generated have no hash.
  std::string OfImages(const std::string& spec);

  // Options with hashes in place of paths; an empty text stays empty.
  Json Identity(const RecordingOptions& options);
  Json Identity(const FitOptions& options);
  Json Identity(const SimilarityOptions& options);
  Json Identity(const TrainOptions& options);
  Json Identity(const EvaluateOptions& options);

 private:
  std::map<std::string, std::string> known_;
};

// Every option as it stands, with image sets named by what they are and files by their last name: no path.
Json DescribeExperiment(const Experiment& experiment);

}  // namespace murine
