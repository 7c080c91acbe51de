// SPDX-License-Identifier: Apache-2.0
#include "analysis/spectrum.h"

#include <algorithm>
#include <cmath>

#include "analysis/labelled_images.h"
#include "nn/tensor.h"
#include "robustness/fmn.h"

namespace murine {
namespace {

// [h, w] int64
torch::Tensor Rings(int64_t height, int64_t width) {
  return (Frequencies(height, width) * static_cast<double>(std::min(height, width)))
      .round()
      .to(torch::kInt64);
}

std::vector<double> Doubles(const torch::Tensor& values) {
  const torch::Tensor plain = values.to(torch::kDouble).contiguous();
  return {plain.data_ptr<double>(), plain.data_ptr<double>() + plain.numel()};
}

}  // namespace

torch::Tensor Frequencies(int64_t height, int64_t width) {
  const auto options = torch::TensorOptions(torch::kDouble);
  const torch::Tensor vertical = torch::fft_fftfreq(height, 1.0, options),
                      horizontal = torch::fft_fftfreq(width, 1.0, options);
  return torch::hypot(vertical.view({-1, 1}).expand({height, width}),
                      horizontal.view({1, -1}).expand({height, width}));
}

std::vector<double> RingFrequencies(int64_t height, int64_t width) {
  const int64_t rings = Rings(height, width).max().item<int64_t>() + 1;
  std::vector<double> frequencies;
  for (int64_t r = 0; r < rings; ++r)
    frequencies.push_back(static_cast<double>(r) / static_cast<double>(std::min(height, width)));
  return frequencies;
}

torch::Tensor RingMeans(const torch::Tensor& values) {
  const torch::Tensor rings = Rings(values.size(1), values.size(2)).flatten();
  const int64_t count = rings.max().item<int64_t>() + 1;
  const torch::Tensor flat = values.to(torch::kDouble).flatten(1);
  const torch::Tensor sums = torch::zeros({flat.size(0), count}, torch::kDouble).index_add_(1, rings, flat);
  return sums / torch::bincount(rings, {}, count).clamp_min(1);
}

torch::Tensor RadialPower(const torch::Tensor& images) {
  const torch::Tensor power = torch::fft_fft2(images.to(torch::kDouble)).abs().square().sum(1);
  return RingMeans(power) / power.mean({1, 2}).clamp_min(1e-300).unsqueeze(1);
}

Measures PerturbationSpectrum(const Classifier& classifier, const ImageSet& images,
                              const PerturbationSpectrumOptions& options) {
  constexpr int64_t kBatch = 100;
  std::vector<torch::Tensor> powers, frequencies;
  std::vector<double> sizes;
  ForBatches("least perturbations", std::min(options.images, images.count()), kBatch,
             [&](int64_t first, int64_t last) {
               const AttackInput input = ImagesAsTensors(images, first, last);
               const AttackOutcome outcome = Fmn(classifier, input, Norm::kL2, {.steps = options.steps});
               const torch::Tensor rows = (outcome.success & (outcome.perturbation > 0)).nonzero().flatten();
               if (rows.size(0) == 0) return;
               const torch::Tensor offset = (outcome.adversarial - input.images).index_select(0, rows);
               powers.push_back(RadialPower(offset));
               const torch::Tensor power = torch::fft_fft2(offset.to(torch::kDouble)).abs().square().sum(1);
               frequencies.push_back((power * Frequencies(offset.size(2), offset.size(3))).sum({1, 2}) /
                                     power.sum({1, 2}));
               for (const double size : Doubles(outcome.perturbation.index_select(0, rows)))
                 sizes.push_back(size);
             });
  Measures measures;
  if (powers.empty()) return measures;  // nothing fell
  const torch::Tensor power = torch::cat(powers);
  Curve curve{.x = RingFrequencies(images.height, images.width)};
  for (int64_t r = 0; r < power.size(1); ++r) {
    const std::vector<double> values = Doubles(power.select(1, r));
    const Interval interval =
        BootstrapMean(values, RandomStream(options.seed, "analysis/spectrum", 0, static_cast<uint64_t>(r)));
    curve.y.push_back(power.select(1, r).mean().item<double>());
    curve.low.push_back(interval[0]);
    curve.high.push_back(interval[1]);
  }
  measures.curves["perturbation_power"] = std::move(curve);
  const torch::Tensor frequency = torch::cat(frequencies);
  measures.values["perturbation_frequency"] = {
      frequency.mean().item<double>(),
      BootstrapMean(Doubles(frequency), RandomStream(options.seed, "analysis/frequency"))};
  double sum = 0;
  for (const double size : sizes) sum += size;
  measures.values["perturbation_l2"] = {sum / static_cast<double>(sizes.size()),
                                        BootstrapMean(sizes, RandomStream(options.seed, "analysis/size"))};
  return measures;
}

}  // namespace murine
