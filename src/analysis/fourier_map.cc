// SPDX-License-Identifier: Apache-2.0
#include "analysis/fourier_map.h"

#include <algorithm>
#include <numbers>

#include "analysis/labelled_images.h"
#include "analysis/spectrum.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "nn/tensor.h"

namespace murine {
namespace {

// +1 or -1 for each image and channel, [n, c, 1, 1].
torch::Tensor Signs(int64_t n, int64_t channels, const RandomStream& named) {
  RandomStream stream = named;
  std::vector<float> signs;
  for (int64_t i = 0; i < n * channels; ++i) signs.push_back(stream.Below(2) == 0 ? 1.0f : -1.0f);
  return ToTensor(signs, {n, channels, 1, 1});
}

}  // namespace

torch::Tensor FourierBasis(int64_t height, int64_t width, int64_t v, int64_t u) {
  const auto options = torch::TensorOptions(torch::kDouble);
  const torch::Tensor y = torch::arange(height, options).view({-1, 1}) / static_cast<double>(height);
  const torch::Tensor x = torch::arange(width, options).view({1, -1}) / static_cast<double>(width);
  const torch::Tensor wave =
      torch::cos(2 * std::numbers::pi * (static_cast<double>(v) * y + static_cast<double>(u) * x));
  return (wave / wave.norm()).to(torch::kFloat);
}

Measures FourierSensitivity(const Classifier& classifier, const ImageSet& images,
                            const FourierMapOptions& options) {
  constexpr int64_t kBatch = 250;
  const int64_t count = std::min(options.images, images.count()), height = images.height,
                width = images.width;
  const AttackInput input = ImagesAsTensors(images, 0, count);
  Map map{height, width, std::vector<double>(static_cast<size_t>(height * width))};
  const auto place = [&](int64_t v, int64_t u) -> double& {
    return map.values[static_cast<size_t>(((v + height / 2) % height + height) % height * width +
                                          ((u + width / 2) % width + width) % width)];
  };
  Progress progress("Fourier map", height / 2 + 1, "rows");
  for (int64_t v = 0; v <= height / 2; ++v) {
    for (int64_t u = 0; u < width; ++u) {
      const torch::Tensor signs = Signs(
          count, images.channels,
          RandomStream(options.seed, "analysis/fourier", static_cast<uint64_t>(v), static_cast<uint64_t>(u)));
      const torch::Tensor basis = FourierBasis(height, width, v, u);
      int64_t wrong = 0;
      for (int64_t first = 0; first < count; first += kBatch) {
        if (InterruptRequested()) ThrowInterrupted("the finished parts are saved");
        const int64_t last = std::min(first + kBatch, count);
        const torch::Tensor added = options.norm * signs.slice(0, first, last) * basis;
        const torch::Tensor changed = (input.images.slice(0, first, last) + added).clamp(0, 1);
        wrong += (Answers(classifier, changed) != input.labels.slice(0, first, last)).sum().item<int64_t>();
      }
      const double error = static_cast<double>(wrong) / static_cast<double>(count);
      // a real image has the same wave at (v, u) and (-v, -u)
      place(v, u) = place(-v, -u) = error;
    }
    progress.Update(v + 1);
  }
  Measures measures;
  const torch::Tensor centred = torch::tensor(map.values, torch::kDouble).view({1, height, width});
  const torch::Tensor rings =
      RingMeans(torch::fft_ifftshift(centred, c10::IntArrayRef{1, 2}))[0].contiguous();
  measures.curves["fourier_error"] = {
      .x = RingFrequencies(height, width),
      .y = {rings.data_ptr<double>(), rings.data_ptr<double>() + rings.numel()}};
  measures.maps["fourier_error"] = std::move(map);
  return measures;
}

}  // namespace murine
