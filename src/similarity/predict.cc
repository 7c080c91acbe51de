// SPDX-License-Identifier: Apache-2.0
#include "similarity/predict.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/error.h"
#include "nn/tensor.h"

namespace murine {

NdArray<float> Predict(const Denoiser& denoiser, size_t scan, const ImageSet& images) {
  if (images.channels != 1)
    throw Error({.what = "encoding models see grayscale images",
                 .where = images.name,
                 .expected = "1 channel",
                 .got = fmt::format("{}", images.channels)});
  const bool fits = images.height == denoiser.height && images.width == denoiser.width;
  if (!fits)
    spdlog::info("{}: {} x {} images are resized to the encoding model's {} x {}", images.name, images.height,
                 images.width, denoiser.height, denoiser.width);
  const ImageSet resized = fits ? ImageSet() : Resize(images, denoiser.height, denoiser.width);
  const ImageSet& seen = fits ? images : resized;
  const Denoiser::Scan& neurons = denoiser.scans[scan];
  NdArray<float> responses{{seen.count(), neurons.neurons}, {}};
  torch::NoGradGuard no_grad;
  constexpr int64_t kBatch = 64;
  for (int64_t first = 0; first < seen.count(); first += kBatch) {
    const int64_t last = std::min(first + kBatch, seen.count());
    const torch::Tensor batch =
        ToTensor(seen.Floats(first, last), {last - first, 1, seen.height, seen.width});
    const NdArray<float> part = ToNdArray(neurons.respond(batch));
    responses.values.insert(responses.values.end(), part.values.begin(), part.values.end());
  }
  return responses;
}

}  // namespace murine
