// SPDX-License-Identifier: Apache-2.0
#include "similarity/predict.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/memory_need.h"
#include "base/progress.h"
#include "io/artifact.h"
#include "io/file.h"
#include "nn/tensor.h"

namespace murine {

ImageSet AsSeen(const Denoiser& denoiser, const ImageSet& images) {
  if (images.channels != 1)
    throw Error({.what = "encoding models see grayscale images",
                 .where = images.name,
                 .expected = "1 channel",
                 .got = fmt::format("{}", images.channels)});
  if (images.height == denoiser.height && images.width == denoiser.width) return images;
  spdlog::info("{}: {} x {} images are resized to the encoding model's {} x {}", images.name, images.height,
               images.width, denoiser.height, denoiser.width);
  return Resize(images, denoiser.height, denoiser.width);
}

NdArray<float> Predict(const Denoiser& denoiser, size_t scan, const ImageSet& images) {
  const ImageSet seen = AsSeen(denoiser, images);
  const Denoiser::Scan& neurons = denoiser.scans[scan];
  NdArray<float> responses{{seen.count(), neurons.neurons}, {}};
  torch::NoGradGuard no_grad;
  constexpr int64_t kBatch = 64;
  Progress progress("responses of " + neurons.name, seen.count(), "images");
  for (int64_t first = 0; first < seen.count(); first += kBatch) {
    const int64_t last = std::min(first + kBatch, seen.count());
    const torch::Tensor batch =
        ToTensor(seen.Floats(first, last), {last - first, 1, seen.height, seen.width});
    const NdArray<float> part = ToNdArray(neurons.respond(batch));
    responses.values.insert(responses.values.end(), part.values.begin(), part.values.end());
    progress.Update(last);
    if (InterruptRequested()) ThrowInterrupted();
  }
  return responses;
}

NdArray<float> PredictAll(const Denoiser& denoiser, const ImageSet& images) {
  int64_t neurons = 0;
  for (const Denoiser::Scan& scan : denoiser.scans) neurons += scan.neurons;
  RequireMemory("the predictions", images.count() * neurons * static_cast<int64_t>(sizeof(float)),
                "a slice of --stimuli (@START-END)");
  NdArray<float> joined{{images.count(), 0}, {}};
  for (size_t scan = 0; scan < denoiser.scans.size(); ++scan) {
    const NdArray<float> left = std::move(joined), right = Predict(denoiser, scan, images);
    joined = {{images.count(), left.shape[1] + right.shape[1]}, {}};
    for (int64_t i = 0; i < images.count(); ++i)
      for (const NdArray<float>* part : {&left, &right}) {
        const auto row = part->values.begin() + i * part->shape[1];
        joined.values.insert(joined.values.end(), row, row + part->shape[1]);
      }
  }
  return joined;
}

Json MakePrediction(const PredictOptions& options, const std::filesystem::path& npy) {
  if (options.stimuli.empty())
    throw Error({.what = "--stimuli is missing", .expected = "an image set", .kind = ErrorKind::kUsage});
  const Denoiser denoiser = LoadDenoiser(options.model);
  const ImageSet images = LoadImages(options.stimuli, {});
  Json config = {{"model", Sha256Hex(ReadFile(options.model))},
                 {"stimuli", ImageSetSpec::Parse(options.stimuli).Identity()},
                 {"stimuli_hash", StimuliHash(images)}};
  if (const auto finished = FinishedArray(npy, config)) return *finished;

  const NdArray<float> responses = PredictAll(denoiser, images);
  Json description = {{"images", images.count()},
                      {"neurons", responses.row_size()},
                      {"scans", Json::array()},
                      {"config", config}};
  for (const Denoiser::Scan& scan : denoiser.scans)
    description["scans"].push_back({{"name", scan.name}, {"neurons", scan.neurons}});
  WriteDescribedArray(npy, responses.shape, responses.values, description);
  return description;
}

}  // namespace murine
