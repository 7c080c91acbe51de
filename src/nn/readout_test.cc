// SPDX-License-Identifier: Apache-2.0
#include "nn/readout.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/tensor.h"

namespace murine::readout_test {

constexpr int64_t kImages = 3, kFeatures = 4, kHeight = 5, kWidth = 7, kNeurons = 6;

torch::Tensor Uniform(at::IntArrayRef shape, double low, double high, const char* purpose, uint64_t seed) {
  return UniformTensor(shape, low, high, RandomStream(seed, purpose)).to(torch::kFloat64);
}

// The pixel at (row, column) of one plane; zero outside.
double Pixel(const torch::Tensor& plane, int64_t row, int64_t column) {
  const bool inside = row >= 0 && row < plane.size(0) && column >= 0 && column < plane.size(1);
  return inside ? plane[row][column].item<double>() : 0;
}

double Bilinear(const torch::Tensor& plane, double x, double y) {
  const double column = (x + 1) / 2 * static_cast<double>(plane.size(1) - 1);
  const double row = (y + 1) / 2 * static_cast<double>(plane.size(0) - 1);
  double sum = 0;
  for (const double r : {std::floor(row), std::floor(row) + 1})
    for (const double c : {std::floor(column), std::floor(column) + 1})
      sum += (1 - std::abs(row - r)) * (1 - std::abs(column - c)) *
             Pixel(plane, static_cast<int64_t>(r), static_cast<int64_t>(c));
  return sum;
}

torch::Tensor Plain(const torch::Tensor& features, const torch::Tensor& positions,
                    const torch::Tensor& weights) {
  torch::Tensor read = torch::zeros({features.size(0), weights.size(0)}, torch::kFloat64);
  for (int64_t i = 0; i < features.size(0); ++i)
    for (int64_t a = 0; a < weights.size(0); ++a)
      for (int64_t k = 0; k < features.size(1); ++k) {
        const torch::Tensor place = positions[positions.size(0) == 1 ? 0 : i][a];
        read[i][a] +=
            weights[a][k] * Bilinear(features[i][k], place[0].item<double>(), place[1].item<double>());
      }
  return read;
}

// A quarter of the positions lies outside in x, in y or in both.
TEST(ReadPoints, EqualsABruteForceLoop) {
  for (uint64_t seed = 0; seed < 3; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const torch::Tensor features = Uniform({kImages, kFeatures, kHeight, kWidth}, -1, 1, "features", seed);
    const torch::Tensor weights = Uniform({kNeurons, kFeatures}, -1, 1, "weights", seed);
    for (const int64_t n : {int64_t{1}, kImages}) {  // one position for all images, or one for each
      const torch::Tensor positions = Uniform({n, kNeurons, 2}, -1.5, 1.5, "positions", seed);
      // Rounding of float64 sums of 16 terms.
      EXPECT_TRUE(torch::allclose(ReadPoints(features, positions, weights),
                                  Plain(features, positions, weights), 1e-12, 1e-12));
    }
  }
}

TEST(ReadPoints, OnesAreTheCentresOfTheBorderPixels) {
  const torch::Tensor features = Uniform({1, 1, kHeight, kWidth}, 1, 2, "features", 0);
  const double half_pixel = 1.0 / (kWidth - 1), pixel = 2 * half_pixel;
  const torch::Tensor positions =
      torch::tensor({-1.0, -1.0, 1.0, 1.0, 1.0, -1.0, 1 + half_pixel, 1.0, 1 + 1.01 * pixel, 1.0},
                    torch::kFloat64)
          .view({1, 5, 2});
  const torch::Tensor read = ReadPoints(features, positions, torch::ones({5, 1}, torch::kFloat64))[0];
  const torch::Tensor plane = features[0][0];
  constexpr double kRounding = 1e-12;
  EXPECT_NEAR(read[0].item<double>(), Pixel(plane, 0, 0), kRounding);
  EXPECT_NEAR(read[1].item<double>(), Pixel(plane, kHeight - 1, kWidth - 1), kRounding);
  EXPECT_NEAR(read[2].item<double>(), Pixel(plane, 0, kWidth - 1), kRounding);  // x first
  EXPECT_NEAR(read[3].item<double>(), Pixel(plane, kHeight - 1, kWidth - 1) / 2, kRounding);
  EXPECT_EQ(read[4].item<double>(), 0);
}

// Central differences in double: the reading is linear in each input between pixels, so that what is left is
// rounding, 1e-16 / 1e-5. Positions keep clear of the pixels' centres, where it has a kink.
TEST(ReadPoints, GradientsAreThoseOfFiniteDifferences) {
  constexpr uint64_t kSeed = 7;
  std::array<torch::Tensor, 3> inputs = {Uniform({2, 2, kHeight, kWidth}, -1, 1, "features", kSeed),
                                         torch::zeros({2, 3, 2}, torch::kFloat64),
                                         Uniform({3, 2}, -1, 1, "weights", kSeed)};
  RandomStream stream(kSeed, "positions");
  for (int64_t i = 0; i < 6; ++i)
    for (const int64_t axis : {0, 1}) {
      const int64_t size = axis == 0 ? kWidth : kHeight;
      // between pixel -2 and pixel size: the outermost read zeros beside a border pixel, or nothing
      const double pixel = static_cast<double>(stream.Below(size + 2)) - 2 + stream.Uniform(0.1, 0.9);
      inputs[1].view({6, 2})[i][axis] = 2 * pixel / static_cast<double>(size - 1) - 1;
    }
  const torch::Tensor mix = Uniform({2, 3}, 0.5, 1.5, "mix", kSeed);
  const auto value = [&] { return (ReadPoints(inputs[0], inputs[1], inputs[2]) * mix).sum(); };
  for (torch::Tensor& input : inputs) input.requires_grad_(true);
  value().backward();
  torch::NoGradGuard no_grad;
  constexpr double kStep = 1e-5;
  for (size_t which = 0; which < inputs.size(); ++which) {
    double* x = inputs[which].data_ptr<double>();
    const double* gradient = inputs[which].grad().data_ptr<double>();
    double largest = 0;
    for (int64_t k = 0; k < inputs[which].numel(); ++k) {
      const double kept = x[k];
      x[k] = kept + kStep;
      const double above = value().item<double>();
      x[k] = kept - kStep;
      const double below = value().item<double>();
      x[k] = kept;
      EXPECT_NEAR(gradient[k], (above - below) / (2 * kStep), 1e-8) << "input " << which << ", entry " << k;
      largest = std::max(largest, std::abs(gradient[k]));
    }
    EXPECT_GT(largest, 0.01) << "input " << which;
  }
}

TEST(Readout, ShiftIsAddedToEveryPosition) {
  torch::NoGradGuard no_grad;
  Readout readout(kFeatures, kNeurons, /*seed=*/2);
  const auto parameters = readout->named_parameters();
  const torch::Tensor features =
      UniformTensor({kImages, kFeatures, kHeight, kWidth}, -1, 1, RandomStream(0, "features"));
  const torch::Tensor shift = torch::tensor({0.25f, -0.5f, 0.f, 0.f, -2.f, 0.1f}).view({kImages, 2});
  const torch::Tensor read = readout(features, shift), still = readout(features, torch::Tensor());
  for (int64_t i = 0; i < kImages; ++i) {
    const torch::Tensor moved = (parameters["positions"] + shift[i]).unsqueeze(0);
    EXPECT_TRUE(torch::allclose(read[i], ReadPoints(features, moved, parameters["weights"])[i], 0, 1e-6));
  }
  EXPECT_TRUE(read[1].equal(still[1]));
  EXPECT_FALSE(torch::allclose(read[0], still[0], 0, 1e-3));
}

TEST(Readout, StartsNearTheCentreAndGoesWhereItIsPut) {
  torch::NoGradGuard no_grad;
  Readout readout(kFeatures, 200, /*seed=*/2);
  const torch::Tensor positions = readout->named_parameters()["positions"];
  EXPECT_LE(positions.abs().max().item<double>(), 0.3);
  EXPECT_GT(positions.std().item<double>(), 0.15);  // uniform within 0.3: 0.173
  EXPECT_NEAR(readout->SparsityPenalty().item<double>(), 200, 1e-3);
  const torch::Tensor places = UniformTensor({200, 2}, -1, 1, RandomStream(0, "places"));
  readout->Place(places);
  EXPECT_TRUE(readout->named_parameters()["positions"].equal(places));
}

}  // namespace murine::readout_test
