// SPDX-License-Identifier: Apache-2.0
#include "train/baselines.h"

#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "base/progress.h"
#include "nn/tensor.h"
#include "train/matrix.h"

namespace murine {
namespace {

constexpr double kConstant = 1e-6;  // a deviation below which a column counts as constant
// Penalties per row of the standardized features.
constexpr double kPenalties[] = {1e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10, 30, 100};

struct Standard {
  torch::Tensor mean, scale;
  explicit Standard(const torch::Tensor& x) : mean(x.mean(0)), scale(x.std(0, /*unbiased=*/false)) {
    scale = torch::where(scale > kConstant, scale, torch::full_like(scale, INFINITY));
  }
  torch::Tensor operator()(const torch::Tensor& x) const { return (x - mean) / scale; }
};

// Mean over columns of the correlation over rows; a constant column counts as 0.
double MeanCorrelation(const torch::Tensor& a, const torch::Tensor& b) {
  const auto unit = [](const torch::Tensor& x) {
    const torch::Tensor centred = x - x.mean(0);
    return centred / centred.square().sum(0).sqrt().clamp_min(1e-12);
  };
  return (unit(a) * unit(b)).sum(0).mean().item<double>();
}

// (x^T x + penalty)^-1, float64 within.
torch::Tensor Inverse(const torch::Tensor& gram, double penalty) {
  torch::Tensor products = gram.to(torch::kFloat64);
  products.diagonal().add_(penalty);
  return torch::cholesky_inverse(torch::linalg_cholesky(products)).to(torch::kFloat32);
}

// Pixels and local contrasts of every image at a size that regression can take: [image, features] each.
struct ImageFeatures {
  torch::Tensor pixels, contrasts;
};

ImageFeatures FeaturesOf(const torch::Tensor& images) {
  constexpr int64_t kSide = 24;
  const int64_t side = std::min(images.size(2), images.size(3)), window = (side + kSide - 1) / kSide;
  const auto smaller = [&](const torch::Tensor& x) {
    return torch::avg_pool2d(x, window, window, 0, /*ceil_mode=*/true).flatten(1);
  };
  return {smaller(images), smaller(LocalContrast(images, 1).unsqueeze(1))};
}

torch::Tensor Rows(const FitData& data, const torch::Tensor& of_images, std::span<const int64_t> trials) {
  std::vector<int64_t> shown;
  for (const int64_t trial : trials) shown.push_back(data.recording.trial_image[trial]);
  return of_images.index_select(0, ToTensor(std::span<const int64_t>(shown)));
}

RidgeFit FitTo(const FitData& data, const torch::Tensor& features, const std::string& name) {
  Progress progress(name + " of " + data.recording.name, std::size(kPenalties), "penalties");
  return FitRidge(Rows(data, features, data.train), data.Responses(data.train),
                  Rows(data, features, data.validation), data.Responses(data.validation),
                  Rows(data, features, data.HeldOut()), [&](int64_t done) { progress.Update(done); });
}

// Mean response in bins of equally many trials, ordered by drive; between the bins' means straight lines,
// which go on beyond the first and the last, not below 0.
class Nonlinearity {
 public:
  Nonlinearity(std::span<const float> drive, std::span<const float> response) {
    std::vector<size_t> order(drive.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](size_t i) { return drive[i]; });
    const size_t bins = std::clamp<size_t>(order.size() / 30, 2, 15);
    for (size_t bin = 0; bin < bins; ++bin) {
      const size_t first = bin * order.size() / bins, end = (bin + 1) * order.size() / bins;
      if (first == end) continue;
      double x = 0, y = 0;
      for (size_t i = first; i < end; ++i) x += drive[order[i]], y += response[order[i]];
      x /= static_cast<double>(end - first);
      y /= static_cast<double>(end - first);
      if (!points_.empty() && x <= points_.back().first) continue;
      points_.emplace_back(x, y);
    }
  }

  double operator()(double drive) const {
    if (points_.size() == 1) return points_[0].second;
    const auto above = std::ranges::upper_bound(points_, drive, {}, &std::pair<double, double>::first);
    const auto right = std::clamp(above, points_.begin() + 1, points_.end() - 1), left = right - 1;
    const double slope = (right->second - left->second) / (right->first - left->first);
    return std::max(0.0, left->second + slope * (drive - left->first));
  }

 private:
  std::vector<std::pair<double, double>> points_;
};

NdArray<float> Bend(const RidgeFit& filters, const torch::Tensor& responses) {
  const torch::Tensor drive = filters.left_out.t().contiguous(), answer = responses.t().contiguous();
  torch::Tensor test = filters.test.clone();
  const int64_t neurons = test.size(1), trials = drive.size(1), rows = test.size(0);
  float* const values = test.data_ptr<float>();
#pragma omp parallel for schedule(static)
  for (int64_t a = 0; a < neurons; ++a) {
    const auto row = [&](const torch::Tensor& x) {
      return Values(x).subspan(static_cast<size_t>(a * trials), static_cast<size_t>(trials));
    };
    const Nonlinearity bend(row(drive), row(answer));
    for (int64_t i = 0; i < rows; ++i)
      values[i * neurons + a] = static_cast<float>(bend(values[i * neurons + a]));
  }
  return ToNdArray(test);
}

}  // namespace

RidgeFit FitRidge(const torch::Tensor& x, const torch::Tensor& y, const torch::Tensor& validation_x,
                  const torch::Tensor& validation_y, const torch::Tensor& test_x,
                  const std::function<void(int64_t done)>& tell) {
  torch::NoGradGuard no_grad;
  const Standard standard(x);
  const torch::Tensor rows = standard(x), validation = standard(validation_x), test = standard(test_x),
                      mean = y.mean(0), centred = y - mean;
  const torch::Tensor gram = TransposedProduct(rows, rows), products = TransposedProduct(rows, centred);
  const auto count = static_cast<double>(x.size(0));
  RidgeFit best;
  torch::Tensor inverse, weights;
  double best_correlation = -2;
  int64_t done = 0;
  for (const double penalty : kPenalties) {
    tell(done++);
    if (InterruptRequested()) ThrowInterrupted("the state after the last epoch is saved");
    const torch::Tensor tried = Inverse(gram, penalty * count);
    const torch::Tensor fitted = MatrixProduct(tried, products);
    const torch::Tensor predicted = MatrixProduct(validation, fitted) + mean;
    const double correlation = MeanCorrelation(predicted, validation_y);
    if (correlation <= best_correlation) continue;
    best_correlation = correlation;
    best.penalty = penalty;
    best.validation = predicted;
    inverse = tried;
    weights = fitted;
  }
  tell(done);
  best.test = MatrixProduct(test, weights) + mean;
  // A row's own influence on its prediction, h = x (x^T x + penalty)^-1 x^T + 1 / rows for the mean, tells
  // what the fit without it would have said (Allen 1974).
  const torch::Tensor influence =
      ((MatrixProduct(rows, inverse) * rows).sum(1) + 1 / count).clamp_max(0.999).unsqueeze(1);
  best.left_out = y - (centred - MatrixProduct(rows, weights)) / (1 - influence);
  return best;
}

BaselinePredictions PredictBaselines(const FitData& data) {
  torch::NoGradGuard no_grad;
  const ImageFeatures features = FeaturesOf(data.images);
  BaselinePredictions predictions;
  predictions.ridge =
      ToNdArray(FitTo(data, torch::cat({features.pixels, features.contrasts}, 1), "ridge").test);
  predictions.linear = Bend(FitTo(data, features.pixels, "linear model"), data.Responses(data.train));
  return predictions;
}

}  // namespace murine
