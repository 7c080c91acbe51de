// SPDX-License-Identifier: Apache-2.0
#include "analysis/local_geometry.h"

#include <algorithm>

#include "analysis/labelled_images.h"

namespace murine {

Measures LocalGeometry(const Classifier& classifier, const ImageSet& images, const GeometryOptions& options) {
  constexpr int64_t kBatch = 100;
  std::vector<double> norms, curvatures;
  ForBatches("gradients", std::min(options.images, images.count()), kBatch, [&](int64_t first, int64_t last) {
    const AttackInput input = ImagesAsTensors(images, first, last);
    const torch::Tensor gradient = InputGradient(classifier, input.images, input.labels);
    const torch::Tensor sign = gradient.sign();
    const torch::Tensor direction = sign / PerImage(Sizes(sign, Norm::kL2).clamp_min(1));
    const torch::Tensor beside =
        InputGradient(classifier, input.images + options.step * direction, input.labels);
    const torch::Tensor norm = Sizes(gradient, Norm::kL2).to(torch::kDouble).contiguous();
    const torch::Tensor bend =
        (Sizes(beside - gradient, Norm::kL2).to(torch::kDouble) / options.step).contiguous();
    norms.insert(norms.end(), norm.data_ptr<double>(), norm.data_ptr<double>() + norm.numel());
    curvatures.insert(curvatures.end(), bend.data_ptr<double>(), bend.data_ptr<double>() + bend.numel());
  });
  const auto mean = [&](const std::vector<double>& values, const char* purpose) {
    double sum = 0;
    for (const double value : values) sum += value;
    return Value{sum / static_cast<double>(values.size()),
                 BootstrapMean(values, RandomStream(options.seed, purpose))};
  };
  Measures measures;
  measures.values["gradient_norm"] = mean(norms, "analysis/gradient");
  measures.values["curvature"] = mean(curvatures, "analysis/curvature");
  return measures;
}

}  // namespace murine
