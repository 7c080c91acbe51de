// SPDX-License-Identifier: Apache-2.0
#include "nn/readout.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
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

struct Gradients {
  torch::Tensor read, features, positions, weights;
};

template <class Reader>
Gradients ReadAndBack(Reader&& reader, const torch::Tensor& features, const torch::Tensor& positions,
                      const torch::Tensor& weights, const torch::Tensor& mix) {
  const torch::Tensor f = features.detach().clone().requires_grad_(true),
                      p = positions.detach().clone().requires_grad_(true),
                      w = weights.detach().clone().requires_grad_(true);
  const torch::Tensor read = reader(f, p, w);
  (read * mix).sum().backward();
  return {read.detach(), f.grad(), p.grad(), w.grad()};
}

// In float the kernels, in double the grid sampler, whose gradients the test above holds to finite
// differences. Channels fill no register, one, several and some of the last; a fifth of the places lies
// outside; one place for all images, or one for each.
TEST(ReadPoints, KernelsEqualThePlainTwin) {
  constexpr uint64_t kSeed = 3;
  for (const int64_t channels : {1, 5, 8, 16, 19, 64})
    for (const int64_t places : {1, 3}) {
      SCOPED_TRACE(testing::Message() << channels << " channels, " << places << " places, seed " << kSeed);
      constexpr int64_t kMany = 30;
      const torch::Tensor features = Uniform({3, channels, kHeight, kWidth}, -1, 1, "features", kSeed),
                          positions = Uniform({places, kMany, 2}, -1.3, 1.3, "positions", kSeed),
                          weights = Uniform({kMany, channels}, -1, 1, "weights", kSeed),
                          mix = Uniform({3, kMany}, 0.5, 1.5, "mix", kSeed);
      const Gradients twin = ReadAndBack(ReadPointsPlain, features, positions, weights, mix);
      const auto single = [](const torch::Tensor& x) { return x.to(torch::kFloat32); };
      const Gradients fast =
          ReadAndBack(ReadPoints, single(features), single(positions), single(weights), single(mix));
      // Rounding of float sums of up to 4 x 64 terms, and of places: 1e-7 of 7 pixels.
      const auto same = [&](const torch::Tensor& found, const torch::Tensor& expected) {
        const double largest = expected.abs().max().item<double>();
        EXPECT_GT(largest, 0.01);
        EXPECT_LT((found.to(torch::kFloat64) - expected).abs().max().item<double>(), 2e-5 * (1 + largest));
      };
      same(fast.read, twin.read);
      same(fast.features, twin.features);
      same(fast.positions, twin.positions);
      same(fast.weights, twin.weights);
    }
}

TEST(ReadPoints, GivesTheSameBitsWithAnyNumberOfThreads) {
  const torch::Tensor features = UniformTensor({5, 24, 9, 11}, -1, 1, RandomStream(1, "features")),
                      positions = UniformTensor({5, 301, 2}, -1, 1, RandomStream(1, "positions")),
                      weights = UniformTensor({301, 24}, -1, 1, RandomStream(1, "weights")),
                      mix = UniformTensor({5, 301}, -1, 1, RandomStream(1, "mix"));
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Gradients alone = ReadAndBack(ReadPoints, features, positions, weights, mix);
  at::set_num_threads(3);
  const Gradients together = ReadAndBack(ReadPoints, features, positions, weights, mix);
  at::set_num_threads(threads);
  EXPECT_TRUE(alone.read.equal(together.read));
  EXPECT_TRUE(alone.features.equal(together.features));
  EXPECT_TRUE(alone.positions.equal(together.positions));
  EXPECT_TRUE(alone.weights.equal(together.weights));
}

// A place that is not a number shows in what is read, and harms no other neuron.
TEST(ReadPoints, CarriesNanOn) {
  const torch::Tensor features = UniformTensor({2, 16, 4, 4}, 1, 2, RandomStream(1, "features"));
  torch::Tensor positions = torch::zeros({1, 3, 2});
  positions[0][1][0] = NAN;
  const torch::Tensor read = ReadPoints(features, positions, torch::ones({3, 16}));
  EXPECT_TRUE(std::isnan(read[0][1].item<double>()));
  EXPECT_GT(read[0][0].item<double>(), 16);
  EXPECT_GT(read[1][2].item<double>(), 16);
}

TEST(Readout, ShiftIsAddedToEveryPosition) {
  torch::NoGradGuard no_grad;
  Readout readout(ReadoutImpl::Shape{.features = kFeatures, .neurons = kNeurons}, /*seed=*/2);
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
  Readout readout(ReadoutImpl::Shape{.features = kFeatures, .neurons = 200}, /*seed=*/2);
  const torch::Tensor positions = readout->named_parameters()["positions"];
  EXPECT_LE(positions.abs().max().item<double>(), 0.3);
  EXPECT_GT(positions.std().item<double>(), 0.15);  // uniform within 0.3: 0.173
  EXPECT_NEAR(readout->SparsityPenalty().item<double>(), 200, 1e-3);
  const torch::Tensor places = UniformTensor({200, 2}, -1, 1, RandomStream(0, "places"));
  readout->Place(places);
  EXPECT_TRUE(readout->named_parameters()["positions"].equal(places));
}

torch::Tensor SomeFeatures() {
  return UniformTensor({kImages, kFeatures, kHeight, kWidth}, -1, 1, RandomStream(0, "features"));
}

// Drawn places by hand: the mean plus the spread times what is drawn, no further than the border.
TEST(Readout, GaussianPlacesAreDrawnWhileNoiseIsGivenAlone) {
  torch::NoGradGuard no_grad;
  const torch::Tensor noise = NormalTensor({kImages, kNeurons, 2}, 15, RandomStream(0, "noise"));
  for (const ReadoutKind kind : {ReadoutKind::kGaussian, ReadoutKind::kIsotropic}) {
    Readout readout(ReadoutImpl::Shape{.features = kFeatures, .neurons = kNeurons, .kind = kind}, 2);
    const auto p = readout->named_parameters();
    ASSERT_GT(p["spread"].abs().max().item<double>(), 0.05);
    torch::Tensor places = torch::zeros({kImages, kNeurons, 2});
    int64_t at_border = 0;
    for (int64_t i = 0; i < kImages; ++i)
      for (int64_t a = 0; a < kNeurons; ++a)
        for (int64_t axis = 0; axis < 2; ++axis) {
          const auto drawn = [&](int64_t k) { return noise[i][a][k].item<double>(); };
          const auto spread = [&](int64_t k) { return p["spread"][a][axis][k].item<double>(); };
          const double moved = kind == ReadoutKind::kIsotropic
                                   ? p["spread"][a][0].item<double>() * drawn(axis)
                                   : spread(0) * drawn(0) + spread(1) * drawn(1);
          const double place = p["positions"][a][axis].item<double>() + moved;
          at_border += std::abs(place) > 1;
          places[i][a][axis] = std::clamp(place, -1.0, 1.0);
        }
    EXPECT_GT(at_border, 0);
    const torch::Tensor features = SomeFeatures();
    EXPECT_TRUE(torch::allclose(readout->forward(features, {}, noise),
                                ReadPoints(features, places, p["weights"]), 1e-4, 1e-5));
    EXPECT_TRUE(torch::allclose(readout->forward(features, {}),
                                ReadPoints(features, p["positions"].unsqueeze(0), p["weights"]), 1e-6, 1e-6));
  }
  Readout point(ReadoutImpl::Shape{.features = kFeatures, .neurons = kNeurons}, 2);
  EXPECT_TRUE(point->forward(SomeFeatures(), {}, noise).equal(point->forward(SomeFeatures(), {})));
}

TEST(Readout, ScalesAreMeansOfFourPixels) {
  torch::NoGradGuard no_grad;
  Readout readout(ReadoutImpl::Shape{.features = kFeatures, .neurons = kNeurons, .scales = 2}, 2);
  const auto p = readout->named_parameters();
  ASSERT_EQ(p["weights"].size(1), 2 * kFeatures);
  p["weights"].copy_(UniformTensor(p["weights"].sizes(), -1, 1, RandomStream(0, "weights")));
  const torch::Tensor features = SomeFeatures();
  torch::Tensor halved = torch::zeros({kImages, kFeatures, kHeight / 2, kWidth / 2});
  for (const int64_t y : {0, 1})
    for (const int64_t x : {0, 1})
      halved += features.slice(2, y, kHeight - 1 + y, 2).slice(3, x, kWidth - 1 + x, 2) / 4;
  const torch::Tensor places = p["positions"].unsqueeze(0);
  EXPECT_TRUE(torch::allclose(readout->forward(features, {}),
                              ReadPoints(features, places, p["weights"].slice(1, 0, kFeatures).contiguous()) +
                                  ReadPoints(halved, places, p["weights"].slice(1, kFeatures).contiguous()),
                              1e-4, 1e-5));
}

// The map of a real cortex is smooth: one that turns and stretches is followed, noise on single neurons is
// not.
TEST(Readout, PlacesFromTheCortexFollowASmoothMap) {
  constexpr int64_t kMany = 300;
  Readout readout(ReadoutImpl::Shape{.features = kFeatures, .neurons = kMany, .places = PlaceKind::kCortex},
                  2);
  const torch::Tensor um = UniformTensor({kMany, 3}, -400, 500, RandomStream(5, "cortex"));
  const torch::Tensor x = um.select(1, 0) / 900, y = um.select(1, 1) / 900;
  const torch::Tensor smooth = torch::stack({0.7 * x - 0.5 * y + 0.2 * x * y, 0.4 * x + 0.6 * y}, 1);
  readout->SetCoordinates(um);
  readout->Place(smooth + NormalTensor({kMany, 2}, 0.1, RandomStream(5, "noise")));
  const torch::Tensor found = readout->Places();
  EXPECT_LT((found - smooth).square().mean().sqrt().item<double>(), 0.05);
  EXPECT_GT(smooth.std().item<double>(), 0.2);
  readout->forward(SomeFeatures(), {}).sum().backward();
  for (const auto& entry : readout->named_parameters())
    EXPECT_TRUE(entry.value().grad().defined()) << entry.key();
  EXPECT_GT(readout->named_parameters()["cortex.hidden.weight"].grad().abs().max().item<double>(), 0);
}

}  // namespace murine::readout_test
