// SPDX-License-Identifier: Apache-2.0
// The kinds of similarity targets: each turns images or recordings into one vector per image; all else is
// shared.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "data/image_set.h"
#include "data/recording.h"
#include "data/reliability.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "similarity/predict.h"
#include "similarity/similarity.h"
#include "similarity/unit_vectors.h"

namespace murine {
namespace {

// Mean of the matrices that are added.
struct MeanSimilarity {
  SimilarityMatrix sum;
  int64_t matrices = 0;

  void Add(SimilarityMatrix matrix) {
    if (matrices++ == 0) {
      sum = std::move(matrix);
      return;
    }
    for (size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += matrix.values[i];
  }
  SimilarityMatrix Get() {
    for (float& value : sum.values) value /= static_cast<float>(matrices);
    return std::move(sum);
  }
};

void WeightColumns(NdArray<float>& vectors, std::span<const double> weights) {
  const int64_t columns = vectors.row_size();
  for (int64_t i = 0; i < vectors.rows(); ++i)
    for (int64_t k = 0; k < columns; ++k) vectors.values[i * columns + k] *= static_cast<float>(weights[k]);
}

// w_a v_a rho_ai, averaged over the scans of all models.
SimilarityMatrix Neural(const SimilarityOptions& options, const ImageSet& images) {
  if (options.models.empty())
    throw Error(
        {.what = "kind neural needs --model", .expected = "encoding models", .kind = ErrorKind::kUsage});
  MeanSimilarity mean;
  for (const std::string& path : options.models) {
    const Denoiser denoiser = LoadDenoiser(path);
    for (size_t scan = 0; scan < denoiser.scans.size(); ++scan) {
      NdArray<float> vectors = Predict(denoiser, scan, images);
      std::vector<double> weights = denoiser.scans[scan].w;
      for (size_t a = 0; a < weights.size(); ++a) weights[a] *= denoiser.scans[scan].v[a];
      WeightColumns(vectors, weights);
      mean.Add(Similarity(UnitVectors(std::move(vectors), path)));
    }
  }
  return mean.Get();
}

enum class Trials { kFirst, kMean };

// w_a r: the first trial of each image, or the mean of its repeats.
SimilarityMatrix Recorded(const SimilarityOptions& options, const ImageSet& images, Trials which) {
  if (options.recordings.empty())
    throw Error({.what = "this kind needs --recording", .expected = "recordings", .kind = ErrorKind::kUsage});
  if (!options.resize.empty())
    throw Error({.what = "--resize means nothing for recorded responses", .kind = ErrorKind::kUsage});
  MeanSimilarity mean;
  for (const std::string& path : options.recordings) {
    const Recording recording = ReadRecording(path);
    if (StimuliHash(recording.images) != StimuliHash(images))
      throw Error({.what = "the recording saw other images than --stimuli names",
                   .where = path,
                   .expected = fmt::format("{} images", images.count()),
                   .got = fmt::format("{}", recording.images.count()),
                   .hint = "use --stimuli recording:" + path});
    NdArray<float> vectors{{images.count(), recording.neurons()}, {}};
    vectors.values.resize(static_cast<size_t>(images.count() * recording.neurons()));
    std::vector<int64_t> seen(static_cast<size_t>(images.count()), 0);
    const std::vector<bool> withheld = WithheldTrials(recording);
    for (int64_t trial = 0; trial < recording.trials(); ++trial) {
      if (withheld[static_cast<size_t>(trial)]) continue;
      const int64_t image = recording.trial_image[static_cast<size_t>(trial)];
      int64_t& trials = seen[static_cast<size_t>(image)];
      if (which == Trials::kFirst && trials > 0) continue;
      ++trials;
      const auto response = recording.response(trial);
      float* row = vectors.values.data() + image * recording.neurons();
      for (size_t a = 0; a < response.size(); ++a)
        row[a] += (response[a] - row[a]) / static_cast<float>(trials);
    }
    if (std::count(seen.begin(), seen.end(), 0) > 0)
      throw Error({.what = "an image without a trial", .where = path});
    WeightColumns(vectors, MeasureReliability(recording, options.seed).w);
    mean.Add(Similarity(UnitVectors(std::move(vectors), path)));
  }
  return mean.Get();
}

SimilarityMatrix Pixel(const ImageSet& images) {
  return Similarity(
      UnitVectors({{images.count(), images.image_size()}, images.Floats(0, images.count())}, images.name));
}

// +1 where S_pixel > Th, -1 where S_pixel < -Th, else 0 (Attias et al. 2024, arXiv 2410.03952).
SimilarityMatrix Threshold(SimilarityMatrix matrix, double threshold) {
  const auto limit = static_cast<float>(threshold);
  for (float& value : matrix.values) value = value > limit ? 1.f : value < -limit ? -1.f : 0.f;
  return matrix;
}

// A random order in which no image keeps its place: one draw in e does.
std::vector<int64_t> Derangement(int64_t n, uint64_t seed) {
  for (uint64_t draw = 0;; ++draw) {
    std::vector<int64_t> order = RandomPermutation(n, RandomStream(seed, "shuffle", 0, draw));
    bool kept = false;
    for (int64_t i = 0; i < n; ++i) kept = kept || order[i] == i;
    if (!kept) return order;
  }
}

// Each image takes the place of another: the same values, none where it belongs.
SimilarityMatrix Shuffle(const SimilarityMatrix& matrix, uint64_t seed) {
  const std::vector<int64_t> order = Derangement(matrix.n, seed);
  SimilarityMatrix shuffled{matrix.n, std::vector<float>(matrix.values.size())};
  for (int64_t i = 0; i < matrix.n; ++i)
    for (int64_t j = 0; j < matrix.n; ++j) shuffled.values[i * matrix.n + j] = matrix.at(order[i], order[j]);
  return shuffled;
}

SimilarityMatrix MakeKind(TargetKind kind, const SimilarityOptions& options, const ImageSet& images) {
  switch (kind) {
    case TargetKind::kNeural:
      return Neural(options, images);
    case TargetKind::kNeuralRaw:
      return Recorded(options, images, Trials::kFirst);
    case TargetKind::kOracle:
      return Recorded(options, images, Trials::kMean);
    case TargetKind::kPixel:
      return Pixel(images);
    case TargetKind::kThreshold:
      return Threshold(Pixel(images), options.threshold);
    case TargetKind::kShuffled:
      break;
  }
  const auto of = EnumFromName<TargetKind>(options.shuffle_of, "kind to shuffle");
  if (of == TargetKind::kShuffled)
    throw Error({.what = "shuffled of shuffled says nothing", .kind = ErrorKind::kUsage});
  return Shuffle(MakeKind(of, options, images), options.seed);
}

// What the target depends on: options without paths, hashes of what the paths name.
Json Describe(const SimilarityOptions& options, const ImageSet& images, const std::string& stimuli_hash) {
  Json config = OptionsToJson(options);
  config["stimuli"] = ImageSetSpec::Parse(options.stimuli).Identity();
  config["model"] = config["recording"] = Json::array();
  for (const std::string& path : options.models) config["model"].push_back(Sha256Hex(ReadFile(path)));
  for (const std::string& path : options.recordings) config["recording"].push_back(RecordingHash(path));
  config["stimuli_hash"] = stimuli_hash;
  return {{"kind", std::string(NameOf(options.kind))},
          {"images", images.count()},
          {"pairs", images.count() * (images.count() - 1) / 2},
          {"stimuli_hash", stimuli_hash},
          {"config", config}};
}

struct Prepared {
  ImageSet images;
  Json description;
};

Prepared Prepare(const SimilarityOptions& options) {
  if (options.stimuli.empty())
    throw Error({.what = "--stimuli is missing", .expected = "an image set", .kind = ErrorKind::kUsage});
  Prepared prepared{LoadImages(options.stimuli, {}), {}};
  prepared.description = Describe(options, prepared.images, StimuliHash(prepared.images));
  if (!options.resize.empty()) {
    const auto [height, width] = ParseSize(options.resize);
    prepared.images = Resize(prepared.images, height, width);
  }
  return prepared;
}

}  // namespace

std::span<const EnumName<TargetKind>> EnumNames(TargetKind) {
  static constexpr std::array<EnumName<TargetKind>, 6> kNames{{{TargetKind::kNeural, "neural"},
                                                               {TargetKind::kNeuralRaw, "neural-raw"},
                                                               {TargetKind::kOracle, "oracle"},
                                                               {TargetKind::kPixel, "pixel"},
                                                               {TargetKind::kThreshold, "threshold"},
                                                               {TargetKind::kShuffled, "shuffled"}}};
  return kNames;
}

Json MakeTargetFile(const SimilarityOptions& options, const std::filesystem::path& npy) {
  const auto start = std::chrono::steady_clock::now();
  const Prepared prepared = Prepare(options);
  const auto finished = FinishedArray(npy, prepared.description["config"]);
  Json result;
  if (finished) {
    result = ReadTarget(npy).description;
  } else {
    result = prepared.description;
    const SimilarityMatrix matrix = MakeKind(options.kind, options, prepared.images);
    WriteDescribedArray(npy, {matrix.n, matrix.n}, matrix.values, result);
  }
  result["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace murine
