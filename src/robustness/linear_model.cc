// SPDX-License-Identifier: Apache-2.0
#include "robustness/linear_model.h"

#include "nn/tensor.h"

namespace murine {

LinearModel::LinearModel(int64_t classes, at::IntArrayRef image_shape, int64_t count, Images kind,
                         uint64_t seed) {
  constexpr int64_t kPool = 4000;
  constexpr double kScale = 8;  // of the logits: the lead of a clear rival in natural units
  const int64_t values = image_shape[0] * image_shape[1] * image_shape[2];
  weights = NormalTensor({classes, values}, kScale, RandomStream(seed, "weights"));
  bias = NormalTensor({classes}, 0.1 * kScale, RandomStream(seed, "bias"));
  classifier.classes = classes;
  classifier.channels = image_shape[0];
  classifier.height = image_shape[1];
  classifier.width = image_shape[2];
  classifier.description = "a linear model";
  // Not as a matrix product: its rounding would depend on the size of the batch.
  classifier.logits = [this](const torch::Tensor& x) {
    return ((x.flatten(1) - 0.5).unsqueeze(1) * weights).sum(2) + bias;
  };
  const torch::Tensor pool = UniformTensor({kPool, image_shape[0], image_shape[1], image_shape[2]}, 0.25,
                                           0.75, RandomStream(seed, "images"));
  const torch::Tensor logits = classifier.logits(pool), labels = logits.argmax(1);
  torch::Tensor good = torch::ones({kPool}, torch::kBool);
  for (const Norm norm : {Norm::kLinf, Norm::kL2})
    good = good.logical_and(std::get<0>(Distances(norm, pool, labels).min(1)) <
                            (norm == Norm::kLinf ? 0.2 : 0.5));
  if (kind == Images::kClear) {
    // The rival's logit within 10 of the label's, or single precision loses it in the cross entropy; the
    // others at least 7 behind it; and it is the nearest class.
    const torch::Tensor sorted = std::get<0>(logits.sort(1, true)), order = logits.argsort(1, true);
    good = good.logical_and(sorted.select(1, 0) - sorted.select(1, 1) < 10)
               .logical_and(sorted.select(1, 1) - sorted.select(1, 2) > 7);
    for (const Norm norm : {Norm::kLinf, Norm::kL2})
      good = good.logical_and(Distances(norm, pool, labels).argmin(1) == order.select(1, 1));
  }
  const torch::Tensor chosen = good.nonzero().squeeze(1).slice(0, 0, count);
  TORCH_CHECK(chosen.size(0) == count, "the pool holds only ", chosen.size(0), " such images");
  input.images = pool.index_select(0, chosen);
  input.labels = labels.index_select(0, chosen);
  input.index = torch::arange(count);
}

torch::Tensor LinearModel::Distances(Norm norm, const torch::Tensor& images,
                                     const torch::Tensor& labels) const {
  const torch::Tensor logits = classifier.logits(images), label = labels.unsqueeze(1);
  const torch::Tensor normals =
      weights.index_select(0, labels).unsqueeze(1) - weights;  // [n, classes, values]
  const torch::Tensor lengths = norm == Norm::kLinf ? normals.abs().sum(2) : normals.norm(2, 2);
  return ((logits.gather(1, label) - logits) / lengths)
      .scatter(1, label, std::numeric_limits<float>::infinity());
}

torch::Tensor LinearModel::Least(Norm norm) const {
  return std::get<0>(Distances(norm, input.images, input.labels).min(1));
}

}  // namespace murine
