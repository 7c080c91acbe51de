// SPDX-License-Identifier: Apache-2.0
#include "train/adversarial.h"

#include "nn/folded_resnet.h"
#include "robustness/pgd.h"

namespace murine {

torch::Tensor AdversarialImages(const ResNet& network, const AttackInput& input,
                                const AdversarialOptions& options) {
  const FoldedResNet folded(network);
  Classifier classifier;
  classifier.logits = [&folded](const torch::Tensor& images) { return folded.Logits(images); };
  const auto epsilon = static_cast<float>(options.epsilon);
  const torch::Tensor start = DrawEach(input, options.seed, "adversarial", options.epoch,
                                       [epsilon](RandomStream& stream, std::span<float> values) {
                                         stream.FillUniform(values, -epsilon, epsilon);
                                       });
  torch::Tensor point = Project(input.images + start, input.images, Norm::kLinf, options.epsilon);
  const double step = 2.5 * options.epsilon / static_cast<double>(options.steps);
  for (int64_t i = 0; i < options.steps; ++i)
    point = PgdStep(point, InputGradient(classifier, point, input.labels), input.images, Norm::kLinf,
                    options.epsilon, step);
  return point;
}

}  // namespace murine
