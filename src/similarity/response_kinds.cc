// SPDX-License-Identifier: Apache-2.0
// Vectors of neurons: denoised responses, single trials, means over repeats.
#include <fmt/format.h>

#include <algorithm>
#include <map>

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

Weights WeightsOf(VectorStyle style, bool repeated) {
  if (style != VectorStyle::kWeighted) return Weights::kNone;
  return repeated ? Weights::kRepeated : Weights::kUnrepeated;
}

// Multiplies the rows of `values` by the weights of their columns; no weights: nothing.
void Weigh(std::span<float> values, std::span<const float> weights) {
  if (weights.empty()) return;
  for (size_t first = 0; first < values.size(); first += weights.size())
    for (size_t k = 0; k < weights.size(); ++k) values[first + k] *= weights[k];
}

// Where the recording has each of `images`, pixel for pixel; it may have more of them, in any order.
std::vector<int64_t> PlacesIn(const Recording& recording, const ImageSet& images, const std::string& path) {
  std::map<std::string, int64_t> place;
  for (int64_t i = 0; i < recording.images.count(); ++i)
    place.emplace(StimuliHash(recording.images.Slice(i, i + 1)), i);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < images.count(); ++i) {
    const auto found = place.find(StimuliHash(images.Slice(i, i + 1)));
    if (found == place.end())
      throw Error({.what = "the recording saw other images than --stimuli names",
                   .where = path,
                   .expected = fmt::format("image {} of {}, pixel for pixel", i, images.name),
                   .got = fmt::format("none like it among {}", recording.images.count()),
                   .hint = "use --stimuli recording:" + path});
    places.push_back(found->second);
  }
  return places;
}

// Responses [place, neuron] to the images at `places`: each image's first trial, or the mean of its repeats.
NdArray<float> ResponsesAt(const std::vector<int64_t>& places, const Recording& recording, Trials which,
                           const std::string& path) {
  const int64_t neurons = recording.neurons();
  const std::vector<bool> withheld = WithheldTrials(recording);
  std::vector<std::vector<int64_t>> trials(static_cast<size_t>(recording.images.count()));
  for (int64_t trial = 0; trial < recording.trials(); ++trial)
    if (!withheld[static_cast<size_t>(trial)])
      trials[static_cast<size_t>(recording.trial_image[static_cast<size_t>(trial)])].push_back(trial);
  NdArray<float> responses{{static_cast<int64_t>(places.size()), neurons}, {}};
  responses.values.assign(places.size() * static_cast<size_t>(neurons), 0);
  float* row = responses.values.data();
  for (const int64_t image : places) {
    std::span<const int64_t> of_image = trials[static_cast<size_t>(image)];
    if (of_image.empty())
      throw Error({.what = "an image without a trial", .where = fmt::format("{}, image {}", path, image)});
    if (which == Trials::kFirst) of_image = of_image.first(1);
    float seen = 0;
    for (const int64_t trial : of_image) {
      const auto response = recording.response(trial);
      ++seen;
      for (size_t a = 0; a < response.size(); ++a) row[a] += (response[a] - row[a]) / seen;
    }
    row += neurons;
  }
  return responses;
}

}  // namespace

void NeuralVectors(const SimilarityOptions& options, const ImageSet& images, const TakeVectors& take) {
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
            .centering = CenteringOf(options.vectors),
            .weights = WeightsOf(options.vectors, scan.repeated)});
    }
  }
}

void RecordedVectors(const SimilarityOptions& options, const ImageSet& images, Trials trials,
                     const TakeVectors& take) {
  for (const std::string& path : options.recordings) {
    const Recording recording = ReadRecording(path);
    NdArray<float> responses = ResponsesAt(PlacesIn(recording, images, path), recording, trials, path);
    bool repeated = false;
    if (options.vectors == VectorStyle::kWeighted) {
      const Reliability reliability = MeasureReliability(recording, options.seed);
      Weigh(responses.values, Floats(reliability.w));
      repeated = reliability.repeated();
    }
    const int64_t neurons = recording.neurons();
    take({.name = path,
          .dimensions = neurons,
          .fill =
              [&](int64_t first, int64_t last, std::span<float> out) {
                std::copy_n(responses.values.data() + first * neurons, (last - first) * neurons, out.data());
              },
          .centering = CenteringOf(options.vectors),
          .weights = WeightsOf(options.vectors, repeated)});
  }
}

}  // namespace murine
