// SPDX-License-Identifier: Apache-2.0
#include "train/baselines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/reliability.h"
#include "nn/tensor.h"
#include "train/matrix.h"
#include "train/place_noise.h"

namespace murine::baselines_test {

using testing::ElementsAre;

torch::Tensor Gaussian(at::IntArrayRef shape, const char* purpose) {
  return NormalTensor(shape, 1, RandomStream(4, purpose));
}

TEST(MatrixProduct, EqualsSums) {
  const torch::Tensor a = Gaussian({5, 7}, "a"), b = Gaussian({7, 3}, "b"), c = Gaussian({5, 4}, "c");
  const auto sums = [](const torch::Tensor& x, const torch::Tensor& y) {  // x [m, k], y [k, n]
    return (x.unsqueeze(2) * y.unsqueeze(0)).sum(1);
  };
  EXPECT_TRUE(torch::allclose(MatrixProduct(a, b), sums(a, b), 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(MatrixProduct(a, b.t().contiguous().t()), sums(a, b), 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(TransposedProduct(a, c), sums(a.t(), c), 1e-5, 1e-5));
}

// A solution's gradient is 0: x^T (y - x w) = penalty rows w, all standardized; and what is said of a row
// left out is what a fit without it says.
TEST(FitRidge, SolvesItsEquationsAndLeavesRowsOut) {
  constexpr int64_t kRows = 40, kFeatures = 6;
  const torch::Tensor x = 3 * Gaussian({kRows, kFeatures}, "x") + 5, noise = Gaussian({kRows, 2}, "noise"),
                      w = Gaussian({kFeatures, 2}, "w"), y = x.matmul(w) + 0.5 * noise + 2;
  const torch::Tensor more = 3 * Gaussian({30, kFeatures}, "more") + 5, answer = more.matmul(w) + 2;
  std::vector<int64_t> told;
  const RidgeFit fit = FitRidge(x, y, more, answer, x, [&](int64_t done) { told.push_back(done); });
  EXPECT_THAT(told, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  const torch::Tensor standard = (x - x.mean(0)) / x.std(0, false);
  // the weights from predictions: standard has full rank
  const torch::Tensor gram = standard.t().matmul(standard);
  const torch::Tensor weights = torch::linalg_solve(gram, standard.t().matmul(fit.test - y.mean(0)), true);
  const torch::Tensor gradient = standard.t().matmul(y - fit.test);
  EXPECT_TRUE(torch::allclose(gradient, fit.penalty * kRows * weights, 1e-3, 1e-2));
  EXPECT_GT(weights.abs().max().item<double>(), 0.5);

  for (const int64_t row : {0, 17}) {  // with the scale of all rows, by the normal equations
    std::vector<int64_t> others;
    for (int64_t i = 0; i < kRows; ++i)
      if (i != row) others.push_back(i);
    const torch::Tensor chosen = ToTensor(std::span<const int64_t>(others));
    const torch::Tensor kept = standard.index_select(0, chosen), target = y.index_select(0, chosen);
    const torch::Tensor extended = torch::cat({kept, torch::ones({kRows - 1, 1})}, 1);
    torch::Tensor penalized = extended.t().matmul(extended);
    for (int64_t k = 0; k < kFeatures; ++k) penalized[k][k] += fit.penalty * kRows;
    const torch::Tensor solved =
        torch::linalg_solve(penalized, extended.t().matmul(target), true);  // the intercept is not penalized
    const torch::Tensor said =
        standard[row].unsqueeze(0).matmul(solved.slice(0, 0, kFeatures)) + solved[kFeatures];
    EXPECT_TRUE(torch::allclose(fit.left_out[row], said[0], 1e-3, 1e-3)) << row;
  }
}

// Images of noise; neuron 0 is a rectified filter, which the linear-nonlinear model is made for, neuron 1
// answers to the contrast of a corner, of which pixels say nothing.
TEST(PredictBaselines, EachFindsWhatItCan) {
  constexpr int64_t kImages = 2500, kSide = 16;
  FitData data;
  std::vector<float> pixels;
  for (int64_t i = 0; i < kImages; ++i) {
    RandomStream stream(8, "image", 0, static_cast<uint64_t>(i));
    const double contrast = stream.Uniform(0.05, 0.3);
    double filtered = 0;
    for (int64_t p = 0; p < kSide * kSide; ++p) {
      const bool corner = p / kSide < kSide / 2 && p % kSide < kSide / 2;
      const double value = 0.5 + (corner ? contrast : 0.15) * stream.Normal();
      pixels.push_back(static_cast<float>(value));
      if (p / kSide > 10 && p % kSide > 10) filtered += value - 0.5;
    }
    data.recording.responses.values.push_back(static_cast<float>(std::pow(std::max(0.0, filtered), 2)));
    data.recording.responses.values.push_back(static_cast<float>(10 * contrast));
    data.recording.trial_image.push_back(i);
    (i < 2000 ? data.train : i < 2300 ? data.validation : data.test).push_back(i);
  }
  data.recording.responses.shape = {kImages, 2};
  data.images = ToTensor(pixels, {kImages, 1, kSide, kSide});
  const BaselinePredictions found = PredictBaselines(data);
  ASSERT_EQ(found.ridge.shape, (std::vector<int64_t>{200, 2}));
  ASSERT_EQ(found.linear.shape, (std::vector<int64_t>{200, 2}));
  const auto correlation = [&](const NdArray<float>& predicted, int64_t neuron) {
    std::vector<double> p, r;
    for (size_t i = 0; i < 200; ++i) {
      p.push_back(predicted.values[2 * i + static_cast<size_t>(neuron)]);
      r.push_back(data.recording.response(data.test[i])[static_cast<size_t>(neuron)]);
    }
    return Correlation(p, r);
  };
  EXPECT_GT(correlation(found.linear, 0), correlation(found.ridge, 0) + 0.02);
  EXPECT_GT(correlation(found.linear, 0), 0.8);
  EXPECT_GT(correlation(found.ridge, 1), 0.9);
  EXPECT_LT(correlation(found.linear, 1), 0.5);
  for (const float value : found.linear.values) EXPECT_GE(value, 0);
}

TEST(PlaceNoise, IsStandardNormalAndOfTheStepAndTheTrialAlone) {
  const torch::Tensor noise = PlaceNoise(8, 2000, 1, 3, 0), later = PlaceNoise(4, 2000, 1, 3, 4);
  EXPECT_NEAR(noise.mean().item<double>(), 0, 0.03);  // 32,000 draws: five standard errors
  EXPECT_NEAR(noise.std().item<double>(), 1, 0.02);
  EXPECT_TRUE(noise.slice(0, 4).equal(later));
  EXPECT_FALSE(noise.equal(PlaceNoise(8, 2000, 1, 4, 0)));
}

}  // namespace murine::baselines_test
