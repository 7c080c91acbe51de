// SPDX-License-Identifier: Apache-2.0
#include "analysis/hybrid.h"

#include <algorithm>
#include <cmath>

#include "analysis/labelled_images.h"
#include "analysis/spectrum.h"
#include "base/error.h"
#include "base/random.h"

namespace murine {
namespace {

// For each image one of another class.
std::vector<int64_t> Partners(const std::vector<int32_t>& labels, uint64_t seed) {
  if (std::all_of(labels.begin(), labels.end(), [&](int32_t label) { return label == labels[0]; }))
    throw Error({.what = "hybrid images need two classes", .got = "one label for all images"});
  std::vector<int64_t> partners;
  for (size_t i = 0; i < labels.size(); ++i) {
    RandomStream stream(seed, "analysis/hybrid", 0, i);
    uint64_t partner = stream.Below(labels.size());
    while (labels[partner] == labels[i]) partner = stream.Below(labels.size());
    partners.push_back(static_cast<int64_t>(partner));
  }
  return partners;
}

std::vector<double> MixingFrequencies(int64_t side) {
  std::vector<double> mixing = {0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64, 96, 128};
  std::erase_if(mixing, [&](double f) { return f > static_cast<double>(side); });
  return mixing;
}

}  // namespace

torch::Tensor HybridImages(const torch::Tensor& low, const torch::Tensor& high, double mixing) {
  if (mixing <= 0) return high;
  if (std::isinf(mixing)) return low;
  const auto side = static_cast<double>(std::min(low.size(2), low.size(3)));
  const torch::Tensor cycles = Frequencies(low.size(2), low.size(3)) * side;
  const torch::Tensor gain = torch::exp2(-(cycles / mixing).square());
  const torch::Tensor a = torch::fft_fft2(low.to(torch::kDouble)),
                      b = torch::fft_fft2(high.to(torch::kDouble));
  return torch::real(torch::fft_ifft2(b + gain * (a - b))).to(low.scalar_type());
}

double Crossover(const Curve& first, const Curve& second) {
  for (size_t i = 0; i < first.x.size(); ++i) {
    const double lead = first.y[i] - second.y[i];
    if (lead < 0) continue;
    if (i == 0) return lead == 0 ? first.x[0] : std::numeric_limits<double>::quiet_NaN();
    const double before = second.y[i - 1] - first.y[i - 1];
    return first.x[i - 1] + (first.x[i] - first.x[i - 1]) * before / (before + lead);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

Measures HybridAnswers(const Classifier& classifier, const ImageSet& images, uint64_t seed) {
  constexpr int64_t kBatch = 250;
  const std::vector<int64_t> partners = Partners(images.labels, seed);
  const AttackInput all = ImagesAsTensors(images, 0, images.count());
  const torch::Tensor partner = torch::tensor(partners);
  const std::vector<double> mixing = MixingFrequencies(std::min(images.height, images.width));
  std::vector<int64_t> as_low(mixing.size(), 0), as_high(mixing.size(), 0);
  ForBatches("hybrid images", images.count(), kBatch, [&](int64_t first, int64_t last) {
    const torch::Tensor low = all.images.slice(0, first, last), low_labels = all.labels.slice(0, first, last);
    const torch::Tensor rows = partner.slice(0, first, last);
    const torch::Tensor high = all.images.index_select(0, rows),
                        high_labels = all.labels.index_select(0, rows);
    for (size_t k = 0; k < mixing.size(); ++k) {
      const torch::Tensor answers = Answers(classifier, HybridImages(low, high, mixing[k]).clamp(0, 1));
      as_low[k] += (answers == low_labels).sum().item<int64_t>();
      as_high[k] += (answers == high_labels).sum().item<int64_t>();
    }
  });
  Measures measures;
  Curve &low = measures.curves["hybrid_low"], &high = measures.curves["hybrid_high"];
  for (size_t k = 0; k < mixing.size(); ++k) {
    AddShare(low, mixing[k], as_low[k], images.count());
    AddShare(high, mixing[k], as_high[k], images.count());
  }
  measures.values["hybrid_crossover"] = {Crossover(low, high)};
  return measures;
}

}  // namespace murine
