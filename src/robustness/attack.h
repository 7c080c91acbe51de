// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/options.h"
#include "nn/classifier.h"
#include "nn/torch.h"

namespace murine {

enum class Norm { kLinf, kL2 };
std::span<const EnumName<Norm>> EnumNames(Norm);

// Images under attack: x [n, c, h, w] in [0, 1], y [n] their labels, index [n] their places in the image set
// (which name their random draws, so that batches do not matter).
struct AttackInput {
  torch::Tensor images, labels, index;
};

// The gradient of the summed cross entropy with respect to the images; the model stays as it is.
torch::Tensor InputGradient(const Classifier& classifier, const torch::Tensor& images,
                            const torch::Tensor& labels);

// Which images the classifier gets right, [n] bool. NaN logits are an error that names the image.
torch::Tensor Correct(const Classifier& classifier, const AttackInput& input, const torch::Tensor& images);

// Of each image: the gradient's direction of steepest ascent, of length 1 in the norm.
torch::Tensor Steepest(const torch::Tensor& gradient, Norm norm);

// The nearest point with |point - images| <= epsilon in the norm and values in [0, 1].
torch::Tensor Project(const torch::Tensor& point, const torch::Tensor& images, Norm norm, double epsilon);

// Fast gradient sign method (Goodfellow et al. 2015, arXiv 1412.6572); for L2 one step along the gradient.
torch::Tensor Fgsm(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon);

struct PgdOptions {
  int steps = 20;
  double relative_step = 0.125;  // of epsilon: 2.5 epsilon / steps
  int restarts = 1;
  uint64_t seed = 0;
};

// Projected gradient descent (Madry et al. 2018, arXiv 1706.06083) from a random start in the ball. A further
// restart attacks only what still stands, so restarts never raise the accuracy.
torch::Tensor Pgd(const Classifier& classifier, const AttackInput& input, Norm norm, double epsilon,
                  const PgdOptions& options);

// One projected step from `point`.
torch::Tensor PgdStep(const Classifier& classifier, const AttackInput& input, const torch::Tensor& point,
                      Norm norm, double epsilon, double step);

}  // namespace murine
