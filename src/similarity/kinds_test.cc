// SPDX-License-Identifier: Apache-2.0
// Kinds whose vectors need no recording, and the controls.
#include "similarity/kinds.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

#include "data/dead_leaves.h"
#include "data/gabor.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "nn/resnet.h"
#include "nn/tensor.h"
#include "similarity/unit_vectors.h"

namespace murine::kinds_test {

using testing::HasSubstr;

std::vector<float> VectorsOf(const ImageVectors& vectors, int64_t images) {
  std::vector<float> values(static_cast<size_t>(images * vectors.dimensions));
  vectors.fill(0, images, values);
  return values;
}

SimilarityMatrix Products(const ImageVectors& vectors, int64_t images) {
  VectorStore store(images, vectors.dimensions);
  MakeUnitVectors(vectors, store);
  const Rows rows = store;
  return Similarity(std::span(&rows, 1));
}

std::vector<double> Eigenvalues(const SimilarityMatrix& matrix) {
  const torch::Tensor values =
      torch::linalg_eigvalsh(ToTensor(matrix.values, {matrix.n, matrix.n}).to(torch::kFloat64));
  return {values.data_ptr<double>(), values.data_ptr<double>() + matrix.n};
}

// A correlation matrix of few large and many small eigenvalues.
SimilarityMatrix PixelMatrix(int64_t images) {
  const ImageSet set = DeadLeaves(images, 6, 8, 0);
  return Products(PixelVectors(set), images);
}

void ExpectCorrelationMatrix(const SimilarityMatrix& matrix) {
  for (int64_t i = 0; i < matrix.n; ++i)
    for (int64_t j = 0; j < matrix.n; ++j) {
      EXPECT_EQ(matrix.at(i, j), matrix.at(j, i));
      EXPECT_TRUE(std::abs(matrix.at(i, j)) <= 1);
      EXPECT_TRUE(i != j || matrix.at(i, j) == 1);
    }
}

// Of C classes of equal size, images of other classes are -1 / (C - 1) alike.
TEST(Kinds, LabelInClosedForm) {
  ImageSet images = DeadLeaves(12, 2, 3, 0);
  EXPECT_THAT(MessageOf([&] { LabelVectors(images); }), HasSubstr("labels"));
  for (int32_t i = 0; i < 12; ++i) images.labels.push_back(i % 4);
  images.classes = 4;
  const SimilarityMatrix matrix = Products(LabelVectors(images), 12);
  for (int64_t i = 0; i < 12; ++i)
    for (int64_t j = 0; j < 12; ++j) EXPECT_NEAR(matrix.at(i, j), i % 4 == j % 4 ? 1 : -1 / 3.0, 1e-6);
}

// A cosine that is even about the borders passes the blur unchanged but for its size: by
// exp(-f^2 / (2 cycles^2)), f in cycles per image height.
TEST(Kinds, LowpassScalesACosineByItsTransferFunction) {
  constexpr int64_t kHeight = 40, kWidth = 30;
  for (const auto& [halves_down, halves_across] : {std::pair{6, 0}, {0, 4}, {5, 3}}) {
    ImageSet images;
    images.height = kHeight;
    images.width = kWidth;
    std::vector<double> wave;
    for (int64_t y = 0; y < kHeight; ++y)
      for (int64_t x = 0; x < kWidth; ++x) {
        const double down = (static_cast<double>(y) + 0.5) / kHeight,
                     across = (static_cast<double>(x) + 0.5) / kWidth;
        wave.push_back(std::cos(std::numbers::pi * halves_down * down) *
                       std::cos(std::numbers::pi * halves_across * across));
        images.floats.push_back(static_cast<float>(0.5 + 0.5 * wave.back()));
      }
    const double f = std::hypot(halves_down / 2.0, halves_across / 2.0 * kHeight / kWidth);
    for (const double cycles : {2.0, 4.0}) {
      const std::vector<float> blurred = VectorsOf(LowpassVectors(images, cycles), 1);
      const double expected = std::exp(-f * f / (2 * cycles * cycles));
      for (size_t k = 0; k < wave.size(); ++k)
        ASSERT_NEAR(blurred[k], 0.5 + 0.5 * expected * wave[k], 2e-3) << cycles << " " << f;
    }
  }
}

TEST(Kinds, RandomProjectsThePixels) {
  const ImageSet images = DeadLeaves(5, 3, 4, 0);
  const std::vector<float> found = VectorsOf(RandomVectors(images, 7, 11), 5);
  const std::vector<float> pixels = images.Floats(0, 5);
  for (uint64_t k = 0; k < 7; ++k) {
    std::vector<float> direction(12);
    RandomStream(11, "projection", 0, k).FillNormal(direction, 1);
    for (size_t i = 0; i < 5; ++i)
      EXPECT_NEAR(found[i * 7 + k],
                  std::inner_product(direction.begin(), direction.end(), pixels.begin() + i * 12, 0.0), 1e-5);
  }
}

// A grating drives the cells of its own orientation and wavelength most; an even light drives none.
TEST(Kinds, GaborCellsAreTuned) {
  ImageSet images;
  images.height = 36;
  images.width = 64;
  constexpr int64_t kPixels = 36 * 64;
  for (const bool vertical : {true, false})
    for (int64_t k = 0; k < kPixels; ++k) {
      const double place = static_cast<double>(vertical ? k % 64 : k / 64);
      images.floats.push_back(static_cast<float>(0.5 + 0.4 * std::cos(2 * std::numbers::pi * place / 8)));
    }
  images.floats.insert(images.floats.end(), kPixels, 0.7f);
  const ImageVectors vectors = GaborVectors(images, std::vector<double>{4, 8, 16});
  const std::vector<float> found = VectorsOf(vectors, 3);
  // places at wavelengths 4 and 8, each of 8 orientations and 5 cells, the last of which is the energy
  const int64_t places_4 = 9 * 16, middle = (places_4 + 2 * 8 + 4) * 40;
  const auto energy = [&](int64_t image, int64_t orientation) {
    return found[image * vectors.dimensions + middle + orientation * 5 + 4];
  };
  for (int64_t orientation = 1; orientation < 8; ++orientation)
    EXPECT_GT(energy(0, 0), 1.2f * energy(0, orientation));
  for (const int64_t orientation : {0, 1, 2, 3, 5, 6, 7})
    EXPECT_GT(energy(1, 4), 1.2f * energy(1, orientation));
  EXPECT_NEAR(energy(0, 0), energy(1, 4), 0.1 * energy(0, 0));
  for (int64_t k = 0; k < vectors.dimensions; ++k)
    EXPECT_NEAR(found[2 * vectors.dimensions + k], 0, 1e-4) << "an even light";
  images.channels = 3;
  EXPECT_THAT(MessageOf([&] { GaborVectors(images, std::vector<double>{4}); }), HasSubstr("grayscale"));
}

// The energy of a cell against filters written out pixel by pixel, without the screen's blur: that only
// scales a wave, and the scale is gone after the division by the image's norm where there is one wavelength.
TEST(Kinds, GaborEnergyIsThatOfTheFilters) {
  constexpr int64_t kSize = 48;
  constexpr double kWavelength = 12, kPi = std::numbers::pi;
  ImageSet images;
  images.height = images.width = kSize;
  for (int64_t k = 0; k < kSize * kSize; ++k) {
    const auto x = static_cast<double>(k % kSize), y = static_cast<double>(k / kSize);
    images.floats.push_back(
        static_cast<float>(0.5 + 0.3 * std::cos(2 * kPi * (x * 0.6 + y * 0.8) / kWavelength)));
  }
  const ImageVectors vectors = GaborEnergyVectors(images, std::vector<double>{kWavelength});
  const std::vector<float> found = VectorsOf(vectors, 1);
  ASSERT_EQ(found.size(), 8 * 8 * 8u);  // places half a wavelength apart, orientations
  EXPECT_NEAR(std::inner_product(found.begin(), found.end(), found.begin(), 0.0), 1, 1e-5);
  const double sigma = GaborSigma(1 / kWavelength, 1.5);
  std::vector<double> expected;
  for (int orientation = 0; orientation < 8; ++orientation) {
    std::complex<double> sum = 0;
    double envelope = 0;
    for (int64_t k = 0; k < kSize * kSize; ++k) {
      const double x = static_cast<double>(k % kSize) - 21, y = static_cast<double>(k / kSize) - 21;
      const double along = x * std::cos(kPi * orientation / 8) + y * std::sin(kPi * orientation / 8);
      const double weight = std::exp(-0.5 * (x * x + y * y) / (sigma * sigma));
      sum += weight * std::polar(1.0, 2 * kPi * along / kWavelength) * (images.floats[k] - 0.5);
      envelope += weight;
    }
    expected.push_back(std::abs(sum) / envelope);
  }
  const int64_t place = (3 * 8 + 3) * 8;  // at (21, 21)
  const double scale = found[place + 2] / expected[2];
  for (int orientation = 0; orientation < 8; ++orientation)
    EXPECT_NEAR(found[place + orientation], scale * expected[orientation], 0.03 * found[place + 2])
        << orientation;
  images.floats.assign(images.floats.size(), 0.7f);
  const std::vector<float> even = VectorsOf(vectors, 1);
  EXPECT_LT(std::ranges::max(even), 0.01) << "an even light";
}

class Features : public testing::Test {
 protected:
  Features() {
    SafeTensors file;
    AddModule(file, "", *network_);
    file.metadata["resnet"] = OptionsToJson(network_->options()).dump();
    WriteSafeTensors(path_, file);
  }
  TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "model.safetensors";
  ResNet network_{ResNetOptions{.width = 2, .classes = 3, .height = 12, .image_width = 10}, 5};
  const ImageSet images_ = DeadLeaves(7, 12, 10, 0);
};

TEST_F(Features, AreTheLayersOfTheNetwork) {
  torch::NoGradGuard no_grad;
  const torch::Tensor batch = ToTensor(images_.Floats(0, 7), {7, 1, 12, 10});
  const auto stages = network_->Stages(batch, BatchStatistics::kRunning);
  const std::vector<std::string> names = {"stem", "layer1", "layer2", "layer3", "layer4"};
  for (size_t k = 0; k < names.size(); ++k) {
    const ImageVectors vectors = FeatureVectors(images_, k % 2 ? path_ : path_.parent_path(), names[k]);
    EXPECT_EQ(VectorsOf(vectors, 7), ToNdArray(stages[k]).values) << names[k];
  }
  // evaluation folds batch norm into the weights
  EXPECT_THAT(VectorsOf(FeatureVectors(images_, path_, "output"), 7),
              testing::Pointwise(testing::FloatNear(1e-5f),
                                 ToNdArray(network_->Logits(batch, BatchStatistics::kRunning)).values));
}

TEST_F(Features, OtherSizesAreResizedAndOtherChannelsRefused) {
  const ImageSet larger = DeadLeaves(4, 20, 30, 0);
  EXPECT_EQ(VectorsOf(FeatureVectors(larger, path_, "layer1"), 4),
            VectorsOf(FeatureVectors(Resize(larger, 12, 10), path_, "layer1"), 4));
  ImageSet coloured = larger;
  coloured.channels = 3;
  coloured.height = 10;
  coloured.width = 20;
  EXPECT_THAT(MessageOf([&] { FeatureVectors(coloured, path_, "layer1"); }), HasSubstr("channels"));
  EXPECT_THAT(MessageOf([&] { FeatureVectors(images_, path_, "layer5"); }), HasSubstr("layer4"));
  EXPECT_THAT(MessageOf([&] { FeatureVectors(images_, folder_ / "absent", "stem"); }), HasSubstr("absent"));
}

TEST(Controls, SpectrumKeepsTheEigenvaluesAndNothingElse) {
  const SimilarityMatrix source = PixelMatrix(40);
  const std::vector<double> expected = Eigenvalues(source);
  std::vector<SimilarityMatrix> found;
  for (const uint64_t seed : {1, 2}) {
    found.push_back(Products(SpectrumVectors(source, seed), 40));
    ExpectCorrelationMatrix(found.back());
    const std::vector<double> eigenvalues = Eigenvalues(found.back());
    for (size_t k = 0; k < 40; ++k) EXPECT_NEAR(eigenvalues[k], expected[k], 1e-4) << k;
  }
  double difference = 0, between = 0;
  for (size_t k = 0; k < found[0].values.size(); ++k) {
    difference += std::abs(found[0].values[k] - source.values[k]) / 1600;
    between += std::abs(found[0].values[k] - found[1].values[k]) / 1600;
  }
  EXPECT_GT(difference, 0.1);
  EXPECT_GT(between, 0.1);
}

// Before rescaling, the products of the vectors hold the share, and the two ends add up to the whole.
TEST(Controls, EigenKindsKeepTheirShareOfTheVariance) {
  constexpr int64_t kImages = 30;
  const SimilarityMatrix source = PixelMatrix(kImages);
  const auto plain_products = [&](End end, double share) {
    const ImageVectors vectors = EigenVectors(source, end, share);
    const torch::Tensor rows =
        ToTensor(VectorsOf(vectors, kImages), {kImages, vectors.dimensions}).to(torch::kFloat64);
    return torch::mm(rows, rows.t());
  };
  const torch::Tensor whole = ToTensor(source.values, {kImages, kImages}).to(torch::kFloat64);
  for (const double share : {0.1, 0.5, 0.9}) {
    const torch::Tensor top = plain_products(End::kTop, share),
                        bottom = plain_products(End::kBottom, 1 - share);
    EXPECT_NEAR(top.trace().item<double>(), share * kImages, 1e-4);
    EXPECT_NEAR(bottom.trace().item<double>(), (1 - share) * kImages, 1e-4);
    EXPECT_LT((top + bottom - whole).abs().max().item<double>(), 1e-5);
    ExpectCorrelationMatrix(Products(EigenVectors(source, End::kTop, share), kImages));
    ExpectCorrelationMatrix(Products(EigenVectors(source, End::kBottom, share), kImages));
  }
  // the leading one is the best approximation of its rank: more than the share of the trailing one is left
  EXPECT_GT(Eigenvalues(Products(EigenVectors(source, End::kTop, 0.3), kImages)).back(),
            Eigenvalues(Products(EigenVectors(source, End::kBottom, 0.3), kImages)).back());
  const SimilarityMatrix all = Products(EigenVectors(source, End::kTop, 1), kImages);
  for (size_t k = 0; k < all.values.size(); ++k) EXPECT_NEAR(all.values[k], source.values[k], 1e-5);
}

}  // namespace murine::kinds_test
