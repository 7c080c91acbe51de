// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/options.h"
#include "io/npy.h"
#include "similarity/pairs.h"
#include "similarity/threshold.h"

namespace murine {

enum class TargetKind {
  kNeural,       // denoised responses
  kNeuralRaw,    // single trials
  kOracle,       // means over repeats
  kPixel,        // the pixels themselves
  kThreshold,    // +1, -1 or 0 by the pixels' similarity
  kLabel,        // the class
  kFeatures,     // a layer of a classifier
  kGabor,        // a fixed V1-like front end
  kGaborEnergy,  // its complex cells alone
  kLowpass,      // blurred pixels
  kRandom,       // random projections of the pixels
  kShuffled,     // controls that take part of another kind's structure away
  kSpectrum,     // its eigenvalues alone are kept
  kEigenTop,     // its leading share of the variance
  kEigenBottom,  // its trailing share of the variance
  kNoise,        // its vectors plus noise
};
std::span<const EnumName<TargetKind>> EnumNames(TargetKind);

// How responses of neurons become a vector.
enum class VectorStyle {
  kWeighted,    // times w_a v_a (w_a alone for recorded ones); the mean over images subtracted
  kUnweighted,  // the same without weights
  kZscore,      // each neuron z-scored over images, then Pearson across neurons: the usual of RSA
};
std::span<const EnumName<VectorStyle>> EnumNames(VectorStyle);

struct SimilarityOptions {
  TargetKind kind = TargetKind::kPixel;
  std::string stimuli;                  // image set
  std::vector<std::string> models;      // encoding models; their similarities are averaged over scans
  std::vector<std::string> recordings;  // of neural-raw and oracle
  VectorStyle vectors = VectorStyle::kWeighted;
  std::string classifier;  // of features
  std::string layer = "layer2";
  double threshold = 0.8;  // of threshold
  double low_threshold = 0.2;
  PairRange range = PairRange::kAll;
  std::string wavelengths = "4,8,16";  // of gabor and gabor-energy, pixels
  double cycles = 8;                   // of lowpass
  int64_t dimensions = 64;             // of random
  std::string of = "neural";
  double share = 0.5;        // of eigen-top and eigen-bottom
  double reliability = 0.5;  // of noise
  std::string resize;        // "HxW": images are resized before use
  bool color = false;
  bool factor = false;
  std::string max_memory;
  uint64_t seed = 0;

  void Check() const;  // Error kUsage; reads no file, so that one that is still to be made may be named
  std::vector<double> Wavelengths() const;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("kind", self.kind,
          "neural, neural-raw, oracle, pixel, threshold, label, features, gabor, gabor-energy, lowpass, "
          "random; controls: shuffled, spectrum, eigen-top, eigen-bottom, noise");
    visit("stimuli", self.stimuli, "image set whose pairs are compared");
    visit("model", self.models, "encoding models of neural; averaged over scans");
    visit("recording", self.recordings, "recordings of neural-raw and oracle; averaged over them");
    visit("vectors", self.vectors, "of responses: weighted (by w v), unweighted or zscore (each neuron)");
    visit("classifier", self.classifier, "of features: run folder or model file");
    visit("layer", self.layer, "of features: stem, layer1, layer2, layer3, layer4 or output");
    visit("threshold", self.threshold, "Th of threshold: +1 above Th, -1 below -Th, else 0");
    visit("low-threshold", self.low_threshold, "Th2 of threshold's range double, below Th");
    visit("range", self.range,
          "pairs threshold keeps: all, high |S|>Th, low |S|<Th, positive S>Th or |S|<Th, negative S<-Th or "
          "|S|<Th, double |S|>Th or |S|<Th2");
    visit("wavelengths", self.wavelengths, "of gabor and gabor-energy: pixels a cycle, separated by commas");
    visit("cycles", self.cycles, "of lowpass: standard deviation of the filter, cycles per image height");
    visit("dimensions", self.dimensions, "of random: how many projections");
    visit("of", self.of, "kind that a control takes apart");
    visit("share", self.share, "of the variance, kept by eigen-top and eigen-bottom");
    visit("reliability", self.reliability, "of each dimension of noise's vectors, above 0, at most 1");
    visit("resize", self.resize, "HxW: resize the images first");
    visit("color", self.color, "keep colour; the default is grayscale");
    visit("factor", self.factor, "write unit vectors [images, dimensions] in place of the matrix");
    visit("max-memory", self.max_memory,
          "such as 1GiB: bound of the memory for vectors and tiles; default: most of what the machine has. "
          "Does not change results");
    visit("seed", self.seed, "of permutations, noise and projections");
  }
};

// A symmetric similarity matrix in memory, [n, n], values in [-1, 1].
struct SimilarityMatrix {
  int64_t n = 0;
  std::vector<float> values;
  float at(int64_t i, int64_t j) const { return values[static_cast<size_t>(i * n + j)]; }
};

// `murine similarity` (docs/targets.md): writes S.npy and S.json, or finds them made by the same
// configuration; the matrix is written tile by tile and may be larger than memory, an interrupted one goes
// on. Beside them: figure data (look.h). Returns the description and the seconds this call took.
Json MakeTargetFile(const SimilarityOptions& options, const std::filesystem::path& npy);

// A target as training looks pairs up: a matrix in memory, one that stays on disk, or unit vectors on disk
// whose products are taken pair by pair.
class Target {
 public:
  // Checks that it is square, symmetric and in [-1, 1] (unit vectors: of length 1), that its hash fits and,
  // where `stimuli_hash` is given, that it belongs to those stimuli.
  explicit Target(const std::filesystem::path& npy, const std::string& stimuli_hash = {});
  Target() = default;  // of no images

  int64_t images() const { return images_; }
  float at(int64_t i, int64_t j) const;  // S_ij; NaN where the pair is left out (threshold's ranges)
  bool wanted(int64_t i, int64_t j) const;
  PairFilter filter() const;  // for DrawPairs; refers to this target
  const Json& description() const { return description_; }
  SimilarityMatrix TakeMatrix();  // the whole of it, in memory; the target is not to be used any more

 private:
  int64_t images_ = 0;
  bool all_wanted_ = true;
  Json description_;
  SimilarityMatrix matrix_;                  // or
  std::shared_ptr<const MappedNpy> mapped_;  // matrix or unit vectors
  bool factor_ = false;
  std::optional<ThresholdRule> rule_;  // of unit vectors
};

struct SimilarityTarget {
  SimilarityMatrix matrix;
  Json description;  // how it was made, with the stimuli's hash
};

// The whole matrix in memory, also of a target of unit vectors. Errors: as Target; a target that leaves pairs
// out.
SimilarityTarget ReadTarget(const std::filesystem::path& npy, const std::string& stimuli_hash = {});

}  // namespace murine
