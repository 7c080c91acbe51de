// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiment/experiment.h"

namespace murine {

// How many images a set has and what they take in memory; read once.
class ImageCounts {
 public:
  struct Count {
    int64_t images = 0, bytes = 0;
  };
  const Count& Of(const std::string& spec, Split split);
  // All images of the split that `spec` takes a slice of.
  const Count& OfWhole(const std::string& spec, Split split);

 private:
  std::map<std::string, Count> known_;
};

// An experiment made so short that it can be timed: the same networks, neurons and tests on few images, for
// one epoch and one seed. Conditions that cost the same are one. Training images become two classes that a
// few steps tell apart, for attacks on images that are misclassified anyway take no time.
struct ShortExperiment {
  Experiment experiment;
  std::vector<size_t> condition;  // which of its conditions stands for each of the whole's
};

// `scratch` takes its images. Errors: images that cannot be read.
ShortExperiment Shorten(const Experiment& whole, const std::filesystem::path& scratch, ImageCounts& counts);

// "cifar10:DIR@0-1000" without its slice.
std::string WithoutSlice(const std::string& spec);

}  // namespace murine
