// SPDX-License-Identifier: Apache-2.0
// Vectors of neurons: denoised responses, single trials, means over repeats.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "data/recording.h"
#include "data/reliability.h"
#include "nn/tensor.h"
#include "similarity/kinds.h"
#include "similarity/predict.h"

namespace murine {
namespace {

Centering CenteringOf(VectorStyle style) {
  return style == VectorStyle::kZscore ? Centering::kZscore : Centering::kImageMean;
}

std::vector<float> Floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

// Multiplies the rows of `values` by the weights of their columns; no weights: nothing.
void Weigh(std::span<float> values, std::span<const float> weights) {
  if (weights.empty()) return;
  for (size_t first = 0; first < values.size(); first += weights.size())
    for (size_t k = 0; k < weights.size(); ++k) values[first + k] *= weights[k];
}

void CheckSameImages(const Recording& recording, const ImageSet& images, const std::string& path) {
  if (StimuliHash(recording.images) == StimuliHash(images)) return;
  throw Error({.what = "the recording saw other images than --stimuli names",
               .where = path,
               .expected = fmt::format("{} images", images.count()),
               .got = fmt::format("{}", recording.images.count()),
               .hint = "use --stimuli recording:" + path});
}

// Responses [image, neuron]: each image's first trial, or the mean of its repeats.
NdArray<float> ResponsesByImage(const Recording& recording, Trials which, const std::string& path) {
  const int64_t images = recording.images.count(), neurons = recording.neurons();
  NdArray<float> responses{{images, neurons}, std::vector<float>(static_cast<size_t>(images * neurons))};
  std::vector<int64_t> seen(static_cast<size_t>(images), 0);
  const std::vector<bool> withheld = WithheldTrials(recording);
  for (int64_t trial = 0; trial < recording.trials(); ++trial) {
    if (withheld[static_cast<size_t>(trial)]) continue;
    const int64_t image = recording.trial_image[static_cast<size_t>(trial)];
    int64_t& trials = seen[static_cast<size_t>(image)];
    if (which == Trials::kFirst && trials > 0) continue;
    ++trials;
    const auto response = recording.response(trial);
    float* row = responses.values.data() + image * neurons;
    for (size_t a = 0; a < response.size(); ++a)
      row[a] += (response[a] - row[a]) / static_cast<float>(trials);
  }
  const auto unseen = std::find(seen.begin(), seen.end(), 0);
  if (unseen != seen.end())
    throw Error({.what = "an image without a trial",
                 .where = fmt::format("{}, image {}", path, unseen - seen.begin())});
  return responses;
}

}  // namespace

void NeuralVectors(const SimilarityOptions& options, const ImageSet& images, const TakeVectors& take) {
  if (options.models.empty())
    throw Error(
        {.what = "kind neural needs --model", .expected = "encoding models", .kind = ErrorKind::kUsage});
  for (const std::string& path : options.models) {
    const Denoiser denoiser = LoadDenoiser(path);
    const ImageSet seen = AsSeen(denoiser, images);
    for (const Denoiser::Scan& scan : denoiser.scans) {
      std::vector<double> weights = scan.w;
      for (size_t a = 0; a < weights.size(); ++a) weights[a] *= scan.v[a];
      if (options.vectors != VectorStyle::kWeighted) weights.clear();
      take({.name = path,
            .dimensions = scan.neurons,
            .fill =
                [&, factors = Floats(weights)](int64_t first, int64_t last, std::span<float> out) {
                  torch::NoGradGuard no_grad;
                  const torch::Tensor batch =
                      ToTensor(seen.Floats(first, last), {last - first, 1, seen.height, seen.width});
                  std::ranges::copy(ToNdArray(scan.respond(batch)).values, out.begin());
                  Weigh(out, factors);
                },
            .centering = CenteringOf(options.vectors)});
    }
  }
}

void RecordedVectors(const SimilarityOptions& options, const ImageSet& images, Trials trials,
                     const TakeVectors& take) {
  if (options.recordings.empty())
    throw Error({.what = "this kind needs --recording", .expected = "recordings", .kind = ErrorKind::kUsage});
  if (!options.resize.empty())
    throw Error({.what = "--resize means nothing for recorded responses", .kind = ErrorKind::kUsage});
  for (const std::string& path : options.recordings) {
    const Recording recording = ReadRecording(path);
    CheckSameImages(recording, images, path);
    NdArray<float> responses = ResponsesByImage(recording, trials, path);
    if (options.vectors == VectorStyle::kWeighted)
      Weigh(responses.values, Floats(MeasureReliability(recording, options.seed).w));
    const int64_t neurons = recording.neurons();
    take({.name = path,
          .dimensions = neurons,
          .fill =
              [&](int64_t first, int64_t last, std::span<float> out) {
                std::copy_n(responses.values.data() + first * neurons, (last - first) * neurons, out.data());
              },
          .centering = CenteringOf(options.vectors)});
  }
}

}  // namespace murine
