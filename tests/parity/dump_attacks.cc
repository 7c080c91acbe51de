// SPDX-License-Identifier: Apache-2.0
// Single steps of the attacks on a small smooth network, with all that they start from.
#include <filesystem>

#include "nn/checkpoint.h"
#include "nn/tensor.h"
#include "robustness/apgd.h"
#include "robustness/boundary_step.h"
#include "robustness/box_step.h"
#include "robustness/carlini_wagner.h"
#include "robustness/deepfool.h"
#include "robustness/fmn.h"
#include "robustness/pgd.h"
#include "robustness/victim.h"

using namespace murine;

namespace {

constexpr int64_t kImages = 8, kClasses = 6, kHidden = 12;
constexpr std::array<int64_t, 4> kShape{kImages, 2, 5, 7};
constexpr int64_t kValues = 2 * 5 * 7;

torch::Tensor Draw(at::IntArrayRef shape, double low, double high, const char* purpose) {
  return UniformTensor(shape, low, high, RandomStream(7, purpose));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  SafeTensors file;
  const auto keep = [&](const std::string& name, const torch::Tensor& tensor) {
    AddTensor(file, name, tensor.contiguous());
    return tensor;
  };
  const torch::Tensor first = keep("first", NormalTensor({kHidden, kValues}, 0.3, RandomStream(7, "first")));
  const torch::Tensor second =
      keep("second", NormalTensor({kClasses, kHidden}, 1, RandomStream(7, "second")));
  Classifier classifier;
  classifier.classes = kClasses;
  classifier.logits = [&](const torch::Tensor& x) {
    return (x.flatten(1) - 0.5).matmul(first.t()).tanh().matmul(second.t());
  };
  AttackInput input;
  input.images = keep("images", Draw(kShape, 0, 1, "images"));
  input.labels = keep("labels", torch::arange(kImages) % kClasses);
  input.index = torch::arange(kImages);
  const torch::Tensor targets = keep("targets", (torch::arange(kImages) * 5 + 2) % kClasses);
  const torch::Tensor rows = torch::arange(kImages);
  const torch::Tensor point =
      keep("point", Project(input.images + Draw(kShape, -0.1, 0.1, "point"), input.images, Norm::kLinf, 0.1));
  const torch::Tensor previous = keep("previous", Project(input.images + Draw(kShape, -0.1, 0.1, "previous"),
                                                          input.images, Norm::kLinf, 0.1));
  const torch::Tensor logits = keep("logits", classifier.logits(point));
  const torch::Tensor step = keep("step", Draw({kImages}, 0.01, 0.2, "step"));
  const torch::Tensor radius = keep("radius", Draw({kImages}, 0.02, 0.2, "radius"));

  keep("dlr", DlrLoss(logits, input.labels, {}));
  keep("dlr_targeted", DlrLoss(logits, input.labels, targets));
  keep("margin", Margin(logits, input));
  Victim victim(classifier, input, Norm::kL2);
  const auto dlr = victim.Differentiate(
      point, rows, [&](const torch::Tensor& z) { return DlrLoss(z, input.labels, targets); });
  keep("dlr_gradient", dlr.gradient);
  const auto margin =
      victim.Differentiate(point, rows, [&](const torch::Tensor& z) { return Margin(z, input); });
  keep("margin_gradient", margin.gradient);
  const torch::Tensor entropy =
      victim.Differentiate(point, rows, [&](const torch::Tensor& z) { return CrossEntropy(z, input); })
          .gradient;
  const torch::Tensor classes =
      torch::stack({input.labels, (input.labels + 2) % kClasses, (input.labels + 3) % kClasses}, 1);
  keep("classes", classes);
  const auto jacobian = victim.DifferentiateLogits(point, rows, classes);
  const torch::Tensor smallest = keep("smallest", Draw({kImages}, 0.05, 0.3, "smallest"));
  const torch::Tensor fooled = torch::arange(kImages) % 2 == 0;
  keep("fooled", fooled.to(torch::kInt64));
  const FmnRadii radii{
      .radius = radius,
      .size = smallest * 2,
      .to_boundary = radius * 3,
      .smallest = torch::where(torch::arange(kImages) < 5, smallest, torch::full({kImages}, INFINITY)),
      .largest = torch::full({kImages}, 1.2f)};
  keep("fmn_radius", FmnRadius(radii, fooled, 0.05));
  for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
    const std::string suffix = "_" + std::string(NameOf(norm));
    keep("pgd" + suffix, PgdStep(point, entropy, input.images, norm, 0.1, 0.03));
    keep("apgd" + suffix, ApgdStep(point, previous, margin.gradient, input.images, step, norm, 0.1, 0.75));
    keep("fmn" + suffix, FmnStep(point - input.images, margin.gradient, input.images, radius, norm, step));
    keep("deepfool" + suffix, DeepFoolStep(jacobian.logits.gather(1, classes), jacobian.gradients, norm));
    torch::Tensor least = torch::empty_like(point);
    BoxStep solver(kValues);
    for (size_t i = 0; i < kImages; ++i) {
      const auto of = [&](auto values) { return values.subspan(i * kValues, kValues); };
      const auto solve = norm == Norm::kLinf ? &BoxStep::LeastLinf : &BoxStep::LeastL2;
      (solver.*solve)(of(Values(point)), of(Values(margin.gradient)),
                      -margin.loss[static_cast<int64_t>(i)].item<double>(), of(Values(least)));
    }
    keep("least" + suffix, least);
  }
  torch::Tensor w = keep("adam_start", Draw(kShape, -2, 2, "w"));
  torch::Tensor moment = torch::zeros_like(w), square = torch::zeros_like(w);
  for (int64_t i = 1; i <= 3; ++i)
    CarliniWagnerAdam(w, moment, square, margin.gradient * (w + static_cast<double>(i)), i, 0.01);
  keep("adam_end", w);

  torch::Tensor normals = torch::empty({kValues}), on_sphere = torch::empty_like(point[0].contiguous());
  torch::Tensor candidate = torch::empty_like(on_sphere);
  RandomStream(7, "boundary").FillNormal(Values(normals), 1);
  RandomStream stream(7, "boundary");
  const torch::Tensor clean = input.images[0].contiguous(), best = point[0].contiguous();
  ProposeBoundaryStep(Values(clean), Values(best), {0.2, 0.05}, stream, Values(on_sphere), Values(candidate));
  keep("normals", normals);
  keep("on_sphere", on_sphere);
  keep("candidate", candidate);
  WriteSafeTensors(std::filesystem::path(argv[1]) / "dump.safetensors", file);
}
