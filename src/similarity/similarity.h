// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/options.h"

namespace murine {

enum class TargetKind { kNeural, kNeuralRaw, kOracle, kPixel, kThreshold, kShuffled };
std::span<const EnumName<TargetKind>> EnumNames(TargetKind);

struct SimilarityOptions {
  TargetKind kind = TargetKind::kPixel;
  std::string stimuli;                  // image set
  std::vector<std::string> models;      // encoding models; their similarities are averaged over scans
  std::vector<std::string> recordings;  // of neural-raw and oracle
  double threshold = 0.8;               // of kind threshold
  std::string shuffle_of = "neural";    // of kind shuffled: whose image identities are permuted
  std::string resize;                   // "HxW": images are resized before use
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("kind", self.kind, "neural, neural-raw, oracle, pixel, threshold or shuffled");
    visit("stimuli", self.stimuli, "image set whose pairs are compared");
    visit("model", self.models, "encoding models of kind neural; averaged over scans");
    visit("recording", self.recordings, "recordings of kinds neural-raw and oracle");
    visit("threshold", self.threshold, "Th of kind threshold: +1 above Th, -1 below -Th, else 0");
    visit("shuffle-of", self.shuffle_of, "kind whose image identities shuffled permutes");
    visit("resize", self.resize, "HxW: resize the images first");
    visit("seed", self.seed, "of the permutation");
  }
};

// A symmetric similarity matrix in memory, [n, n], values in [-1, 1].
struct SimilarityMatrix {
  int64_t n = 0;
  std::vector<float> values;
  float at(int64_t i, int64_t j) const { return values[static_cast<size_t>(i * n + j)]; }
};

struct SimilarityTarget {
  SimilarityMatrix matrix;
  Json description;  // how it was made, with the stimuli's hash
};

// `murine similarity` (method.md section 4): writes S.npy and S.json, or finds them made by the same
// configuration. Returns the description and the seconds this call took.
Json MakeTargetFile(const SimilarityOptions& options, const std::filesystem::path& npy);

// Checks that it is square, symmetric, in [-1, 1] without NaN and, where `stimuli_hash` is given, of those
// stimuli.
SimilarityTarget ReadTarget(const std::filesystem::path& npy, const std::string& stimuli_hash = {});

}  // namespace murine
