// SPDX-License-Identifier: Apache-2.0
#include "analysis/likeness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "data/recording.h"
#include "data/reliability.h"
#include "io/artifact.h"
#include "io/json_lines.h"
#include "nn/tensor.h"
#include "similarity/compare.h"
#include "similarity/unit_vectors.h"

namespace murine {
namespace {

constexpr int64_t kFewestImages = 4;

torch::Tensor Centre(const torch::Tensor& gram) {
  return gram - gram.mean(0, true) - gram.mean(1, true) + gram.mean();
}

std::vector<int64_t> Spread(int64_t count, int64_t most) {
  const int64_t shown = std::min(count, most);
  std::vector<int64_t> index;
  for (int64_t k = 0; k < shown; ++k) index.push_back(k * count / shown);
  return index;
}

ImageSet Select(const ImageSet& images, const std::vector<int64_t>& index) {
  ImageSet selected;
  selected.name = images.name;
  selected.channels = images.channels;
  selected.height = images.height;
  selected.width = images.width;
  std::vector<float> image(static_cast<size_t>(images.image_size()));
  for (const int64_t i : index) {
    images.CopyTo(i, image);
    selected.floats.insert(selected.floats.end(), image.begin(), image.end());
  }
  return selected;
}

// The images that the target at `path` is of: models in colour can be shown gray ones, too.
ImageSet StimuliOf(const std::string& path, const std::string& stimuli, Color color) {
  ImageSet images = LoadImages(stimuli, {.color = color});
  if (images.channels == 1 || !std::filesystem::exists(DescriptionPath(path))) return images;
  const Json description = ReadJson(DescriptionPath(path));
  ImageSet gray = LoadImages(stimuli, {});
  if (description.is_object() && description.value("stimuli_hash", Json()) == StimuliHash(gray)) return gray;
  return images;
}

void CheckEnough(int64_t images, const std::string& where) {
  if (images < kFewestImages)
    throw Error({.what = "too few images to compare with",
                 .where = where,
                 .expected = fmt::format("{} or more", kFewestImages),
                 .got = fmt::format("{}", images)});
}

// Mean responses to the images `index`, times w: [images, neurons].
NdArray<float> MeanResponses(const Recording& recording, const std::vector<int64_t>& index,
                             std::span<const double> w) {
  const int64_t neurons = recording.neurons();
  NdArray<float> means{{static_cast<int64_t>(index.size()), neurons}, {}};
  const Repeats repeats = RepeatedImages(recording, 1);
  for (const int64_t image : index) {
    const auto found = std::find(repeats.images.begin(), repeats.images.end(), image);
    const std::vector<int64_t>& trials = repeats.trials[static_cast<size_t>(found - repeats.images.begin())];
    for (int64_t a = 0; a < neurons; ++a) {
      double sum = 0;
      for (const int64_t trial : trials) sum += recording.response(trial)[static_cast<size_t>(a)];
      means.values.push_back(
          static_cast<float>(sum / static_cast<double>(trials.size()) * w[static_cast<size_t>(a)]));
    }
  }
  return means;
}

// (1 / (n (n - 3))) (tr(K L) + 1'K1 1'L1 / ((n - 1) (n - 2)) - 2 / (n - 2) 1'KL1), diagonals taken as 0.
double UnbiasedHsic(const torch::Tensor& k, const torch::Tensor& l) {
  const auto n = static_cast<double>(k.size(0));
  const torch::Tensor k0 = k - k.diag().diag(), l0 = l - l.diag().diag();
  const double product = (k0 * l0).sum().item<double>();
  const double sums = k0.sum().item<double>() * l0.sum().item<double>();
  const double rows = (k0.sum(0) * l0.sum(0)).sum().item<double>();
  return (product + sums / ((n - 1) * (n - 2)) - 2 / (n - 2) * rows) / (n * (n - 3));
}

}  // namespace

torch::Tensor CentredGram(const torch::Tensor& features) {
  // subtracted first: the products of large means would swallow what varies
  const torch::Tensor centred = features - features.mean(0, true);
  torch::Tensor gram = torch::zeros({features.size(0), features.size(0)}, torch::kDouble);
  constexpr int64_t kColumns = 8192;  // in double at a time
  for (int64_t first = 0; first < centred.size(1); first += kColumns) {
    const torch::Tensor part =
        centred.slice(1, first, std::min(first + kColumns, centred.size(1))).to(torch::kDouble);
    gram.addmm_(part, part.t());
  }
  return Centre(gram);
}

double LinearCka(const torch::Tensor& k, const torch::Tensor& l) {
  const double norms = (k.norm() * l.norm()).item<double>();
  return norms > 0 ? (k * l).sum().item<double>() / norms : std::numeric_limits<double>::quiet_NaN();
}

double UnbiasedCka(const torch::Tensor& k, const torch::Tensor& l) {
  const double kk = UnbiasedHsic(k, k), ll = UnbiasedHsic(l, l);
  return kk > 0 && ll > 0 ? UnbiasedHsic(k, l) / std::sqrt(kk * ll)
                          : std::numeric_limits<double>::quiet_NaN();
}

Reference RecordingReference(const std::string& path, int64_t most, uint64_t seed) {
  const Recording recording = ReadRecording(path);
  const Reliability reliability = MeasureReliability(recording, seed);
  const std::vector<int64_t> known = RepeatedImages(recording, reliability.repeated() ? 2 : 1).images;
  CheckEnough(static_cast<int64_t>(known.size()), path);
  std::vector<int64_t> index;
  for (const int64_t k : Spread(static_cast<int64_t>(known.size()), most))
    index.push_back(known[static_cast<size_t>(k)]);
  const NdArray<float> responses = MeanResponses(recording, index, reliability.w);
  std::filesystem::path name = std::filesystem::path(path).lexically_normal();
  if (!name.has_filename()) name = name.parent_path();
  return {.name = name.stem().string(),
          .hash = RecordingHash(path),
          .images = Select(recording.images, index),
          .similarity = Similarity(UnitVectors(responses, path)),
          .gram = CentredGram(ToTensor(responses))};
}

Reference TargetReference(const std::string& path, const std::string& stimuli, Color color, int64_t most) {
  const ImageSet images = StimuliOf(path, stimuli, color);
  Target target(path, StimuliHash(images));
  CheckEnough(target.images(), path);
  if (target.images() != images.count())
    throw Error({.what = "the target is of another number of images than --stimuli",
                 .where = path,
                 .expected = fmt::format("{}", images.count()),
                 .got = fmt::format("{}", target.images())});
  const std::vector<int64_t> index = Spread(images.count(), most);
  SimilarityMatrix similarity{static_cast<int64_t>(index.size()), {}};
  for (const int64_t i : index)
    for (const int64_t j : index) {
      similarity.values.push_back(i == j ? 1 : target.at(i, j));
      if (std::isnan(similarity.values.back()))
        throw Error({.what = "a target that leaves pairs out cannot be compared with",
                     .where = path,
                     .hint = "make it with --range all"});
    }
  const torch::Tensor matrix = ToTensor(similarity.values, {similarity.n, similarity.n}).to(torch::kDouble);
  return {.name = std::filesystem::path(path).stem().string(),
          .hash = target.description().value("sha256", std::string()),
          .images = Select(images, index),
          .similarity = std::move(similarity),
          .gram = Centre(matrix)};
}

Likeness MeasureLikeness(const Reference& reference, const torch::Tensor& features, uint64_t seed) {
  const Json found = Compare(Similarity(UnitVectors(ToNdArray(features), "features")), reference.similarity,
                             {.permutations = 1, .bootstraps = 500, .seed = seed});
  const torch::Tensor gram = CentredGram(features);
  return {.rsa = found["pearson"].get<double>(),
          .rsa_low = found["interval"][0].get<double>(),
          .rsa_high = found["interval"][1].get<double>(),
          .cka = LinearCka(gram, reference.gram),
          .cka_unbiased = UnbiasedCka(gram, reference.gram)};
}

}  // namespace murine
