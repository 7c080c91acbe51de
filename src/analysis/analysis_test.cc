// SPDX-License-Identifier: Apache-2.0
// Analyses of inputs whose answers are known.
#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

#include "analysis/analyzed_model.h"
#include "analysis/eigenspectrum.h"
#include "analysis/fourier_map.h"
#include "analysis/hybrid.h"
#include "analysis/labelled_images.h"
#include "analysis/likeness.h"
#include "analysis/local_geometry.h"
#include "analysis/measures.h"
#include "analysis/part_store.h"
#include "analysis/spectrum.h"
#include "base/error.h"
#include "io/json_lines.h"
#include "io/temporary_folder.h"
#include "nn/tensor.h"
#include "similarity/unit_vectors.h"

namespace murine::analysis_test {

using testing::DoubleNear;
using testing::Each;

torch::Tensor White(at::IntArrayRef shape, const char* purpose) {
  return NormalTensor(shape, 1, RandomStream(7, purpose));
}

// cos(2 pi (v y / h + u x / w))
torch::Tensor Grating(int64_t height, int64_t width, int64_t v, int64_t u) {
  torch::Tensor image = torch::empty({1, 1, height, width});
  auto at = image.accessor<float, 4>();
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      at[0][0][y][x] =
          static_cast<float>(std::cos(2 * std::numbers::pi *
                                      (static_cast<double>(v * y) / static_cast<double>(height) +
                                       static_cast<double>(u * x) / static_cast<double>(width))));
  return image;
}

// A linear classifier of two classes: logits (0, w . x + b).
Classifier Linear(const torch::Tensor& w, double b) {
  Classifier classifier;
  classifier.classes = 2;
  classifier.channels = 1;
  classifier.height = w.size(0);
  classifier.width = w.size(1);
  classifier.logits = [w, b](const torch::Tensor& images) {
    const torch::Tensor score = (images * w).sum({1, 2, 3}) + b;
    return torch::stack({torch::zeros_like(score), score}, 1);
  };
  return classifier;
}

ImageSet SetOf(const torch::Tensor& images, std::vector<int32_t> labels) {
  ImageSet set;
  set.name = "made";
  set.channels = images.size(1);
  set.height = images.size(2);
  set.width = images.size(3);
  set.floats = ToNdArray(images).values;
  set.labels = std::move(labels);
  set.classes = 2;
  return set;
}

TEST(Spectrum, WhiteNoiseIsFlat) {
  const torch::Tensor mean = RadialPower(White({400, 2, 16, 16}, "white")).mean(0);
  // rings of few frequencies vary the most: of one, by 1 / sqrt(2 x 400) with two channels
  EXPECT_LT((mean - 1).abs().max().item<double>(), 5 / std::sqrt(400.0));
}

TEST(Spectrum, GratingHasOneRing) {
  for (const auto& [v, u, ring] : {std::tuple{0, 3, 3}, {3, 4, 5}, {7, 0, 7}}) {
    const torch::Tensor power = RadialPower(Grating(16, 16, v, u))[0];
    EXPECT_EQ(power.argmax().item<int64_t>(), ring);
    // all others are rounding alone
    EXPECT_LT((power.sum() - power.max()).item<double>(), 1e-9);
  }
  // of an oblong image: 4 cycles over 32 pixels and 2 over 16 are the same frequency
  EXPECT_EQ(RadialPower(Grating(16, 32, 0, 4))[0].argmax().item<int64_t>(), 2);
  EXPECT_EQ(RadialPower(Grating(16, 32, 2, 0))[0].argmax().item<int64_t>(), 2);
}

// The least perturbation of a linear classifier is along its weights: of a grating, all of it in the
// grating's ring.
TEST(Spectrum, PerturbationsOfALinearClassifierAreItsWeights) {
  const torch::Tensor w = Grating(16, 16, 0, 4)[0][0];
  const torch::Tensor noise = UniformTensor({6, 1, 16, 16}, 0.4, 0.6, RandomStream(3, "images"));
  const Classifier classifier = Linear(w, -0.05);
  std::vector<int32_t> labels;
  const torch::Tensor answers = Answers(classifier, noise);
  for (int64_t i = 0; i < 6; ++i) labels.push_back(static_cast<int32_t>(answers[i].item<int64_t>()));
  const Measures found = PerturbationSpectrum(classifier, SetOf(noise, labels), {.images = 6, .steps = 50});
  const Curve& power = found.curves.at("perturbation_power");
  EXPECT_EQ(std::max_element(power.y.begin(), power.y.end()) - power.y.begin(), 4);
  EXPECT_NEAR(found.values.at("perturbation_frequency").value, 4 / 16.0, 0.005);
  const torch::Tensor distance = ((noise * w).sum({1, 2, 3}) - 0.05).abs() / w.norm();
  EXPECT_NEAR(found.values.at("perturbation_l2").value, distance.mean().item<double>(),
              0.02 * distance.mean().item<double>());
}

TEST(Hybrid, SeparatesTwoGratings) {
  const torch::Tensor slow = Grating(32, 32, 1, 0), fast = Grating(32, 32, 0, 12);
  EXPECT_TRUE(torch::allclose(HybridImages(slow, fast, 4),
                              slow * std::exp2(-1 / 16.0) + fast * (1 - std::exp2(-9.0)), 1e-4, 1e-5));
  EXPECT_TRUE(torch::equal(HybridImages(slow, fast, 0), fast));
  EXPECT_TRUE(torch::equal(HybridImages(slow, fast, std::numeric_limits<double>::infinity()), slow));
  // an image with itself is itself at every mixing frequency
  EXPECT_TRUE(torch::allclose(HybridImages(slow, slow, 3), slow, 1e-5, 1e-6));
}

TEST(Hybrid, CrossoverIsWhereTheCurvesMeet) {
  const Curve rising{.x = {0, 2, 4}, .y = {0, 0.2, 1}}, falling{.x = {0, 2, 4}, .y = {1, 0.6, 0}};
  EXPECT_NEAR(Crossover(rising, falling), 2 + 2 * 0.4 / 1.4, 1e-12);
  EXPECT_TRUE(std::isnan(Crossover({.x = {0, 1}, .y = {0, 0}}, {.x = {0, 1}, .y = {1, 1}})));
}

TEST(Fourier, BasisIsOrthonormalAndItsOwnFrequency) {
  const torch::Tensor a = FourierBasis(12, 8, 3, 2), b = FourierBasis(12, 8, 3, 1);
  EXPECT_NEAR(a.norm().item<double>(), 1, 1e-6);
  EXPECT_NEAR((a * b).sum().item<double>(), 0, 1e-6);
  const torch::Tensor power = torch::fft_fft2(a).abs();
  EXPECT_EQ(power.flatten().argmax().item<int64_t>() % 8 % 6, 2);  // u = 2 or -2
}

// A classifier that looks at one wave alone errs where that wave is added and nowhere else.
TEST(Fourier, MapFindsTheWaveThatIsLookedAt) {
  const torch::Tensor w = FourierBasis(8, 8, 2, 1);
  Classifier classifier = Linear(w, 0);
  classifier.logits = [w](const torch::Tensor& images) {
    const torch::Tensor strength = (images * w).sum({1, 2, 3}).abs();
    return torch::stack({torch::full_like(strength, 0.2), strength}, 1);
  };
  const ImageSet images = SetOf(torch::full({4, 1, 8, 8}, 0.5), {0, 0, 0, 0});
  const Map map = FourierSensitivity(classifier, images, {.images = 4, .norm = 1}).maps.at("fourier_error");
  for (int64_t v = -4; v < 4; ++v)
    for (int64_t u = -4; u < 4; ++u) {
      const bool looked_at = (v == 2 && u == 1) || (v == -2 && u == -1);
      EXPECT_EQ(map.values[static_cast<size_t>((v + 4) * 8 + u + 4)], looked_at ? 1 : 0) << v << " " << u;
    }
}

// As all images at once, and never more than a batch.
TEST(Fourier, BatchesGiveTheSameErrors) {
  const torch::Tensor w = White({4, 6}, "weights");
  const Classifier whole = Linear(w, -w.sum().item<double>() / 2);  // half of the images are of either class
  const torch::Tensor images = UniformTensor({501, 1, 4, 6}, 0, 1, RandomStream(1, "many"));
  const torch::Tensor labels = Answers(whole, images);
  Classifier classifier = whole;
  int64_t largest = 0;
  classifier.logits = [&](const torch::Tensor& batch) {
    largest = std::max(largest, batch.size(0));
    return whole.logits(batch);
  };
  const ImageSet set =
      SetOf(images, {labels.data_ptr<int64_t>(), labels.data_ptr<int64_t>() + labels.numel()});
  const Map map =
      FourierSensitivity(classifier, set, {.images = 501, .norm = 1, .seed = 5}).maps.at("fourier_error");
  EXPECT_LE(largest, 250);
  double sum = 0;
  constexpr int64_t kV = 1;  // the one row that no other wave of the half plane falls on
  for (int64_t u = 0; u < 6; ++u) {
    RandomStream stream(5, "analysis/fourier", kV, static_cast<uint64_t>(u));
    torch::Tensor signs = torch::empty({501, 1, 1, 1});
    for (float& sign : Values(signs)) sign = stream.Below(2) == 0 ? 1.0f : -1.0f;
    const torch::Tensor changed = (images + signs * FourierBasis(4, 6, kV, u)).clamp(0, 1);
    const double wrong = (Answers(whole, changed) != labels).sum().item<double>();
    EXPECT_EQ(map.values[static_cast<size_t>((kV + 2) * 6 + (u + 3) % 6)], wrong / 501) << u;
    sum += wrong;
  }
  EXPECT_GT(sum, 0);
}

TEST(Eigenspectrum, OfAKnownCovariance) {
  // orthogonal columns of mean 0 with the variances 8, 4, 2, 1
  const torch::Tensor q =
      std::get<0>(
          torch::linalg_qr(torch::cat(
              {torch::ones({64, 1}, torch::kDouble), White({64, 4}, "columns").to(torch::kDouble)}, 1)))
          .slice(1, 1);
  const torch::Tensor features = q * torch::tensor({8.0, 4.0, 2.0, 1.0}, torch::kDouble).sqrt() + 100;
  const std::vector<double> shares = EigenvalueShares(features);
  ASSERT_EQ(shares.size(), 63u);
  EXPECT_NEAR(shares[0], 8 / 15.0, 1e-9);
  EXPECT_NEAR(shares[3], 1 / 15.0, 1e-9);
  EXPECT_NEAR(shares[4], 0, 1e-9);
  EXPECT_NEAR(ParticipationRatio(shares), 15.0 * 15 / (64 + 16 + 4 + 1), 1e-6);
  EXPECT_THROW(EigenvalueShares(torch::ones({5, 3})), Error);
}

TEST(Eigenspectrum, PowerLawIsFound) {
  const int64_t n = 300;
  const torch::Tensor q =
      std::get<0>(
          torch::linalg_qr(torch::cat(
              {torch::ones({n, 1}, torch::kDouble), White({n, n - 1}, "power").to(torch::kDouble)}, 1)))
          .slice(1, 1);
  const torch::Tensor scales = torch::arange(1, n, torch::kDouble).pow(-1.25 / 2);
  EXPECT_NEAR(Eigenspectrum("stem", q * scales).values.at("exponent_stem").value, 1.25, 1e-3);
}

TEST(Likeness, CkaOfKnownFeatures) {
  const torch::Tensor x = White({80, 30}, "x"), y = White({80, 40}, "y");
  const torch::Tensor rotation = std::get<0>(torch::linalg_qr(White({30, 30}, "rotation")));
  const torch::Tensor k = CentredGram(x);
  EXPECT_NEAR(LinearCka(k, CentredGram(3 * torch::matmul(x, rotation) + 5)), 1, 1e-6);
  EXPECT_NEAR(UnbiasedCka(k, CentredGram(3 * torch::matmul(x, rotation) + 5)), 1, 1e-5);
  // |Y'X|^2 / (|X'X| |Y'Y|), the form over features
  const torch::Tensor xc = x - x.mean(0), yc = y - y.mean(0);
  const double direct = (torch::matmul(yc.t(), xc).square().sum() /
                         (torch::matmul(xc.t(), xc).norm() * torch::matmul(yc.t(), yc).norm()))
                            .item<double>();
  EXPECT_NEAR(LinearCka(k, CentredGram(y)), direct, 1e-6);
  EXPECT_GT(direct, 0.2);  // unrelated features, and yet
  EXPECT_NEAR(UnbiasedCka(k, CentredGram(y)), 0, 0.05);
}

TEST(Likeness, IdenticalFeaturesAreFullyAlike) {
  const torch::Tensor x = White({20, 15}, "same");
  Reference reference;
  reference.similarity = Similarity(UnitVectors(ToNdArray(x), "x"));
  reference.gram = CentredGram(x);
  const Likeness found = MeasureLikeness(reference, x, 0);
  EXPECT_NEAR(found.rsa, 1, 1e-6);
  EXPECT_NEAR(found.rsa_low, 1, 1e-6);
  EXPECT_NEAR(found.cka, 1, 1e-6);
  EXPECT_NEAR(found.cka_unbiased, 1, 1e-6);
}

// l = log(1 + exp(-+z)): gradient (p - y) w, and along sign(w) the logit grows by h sum|w| / sqrt(values).
TEST(Geometry, OfALinearClassifier) {
  const torch::Tensor w = White({4, 4}, "w");
  const ImageSet images = SetOf(UniformTensor({5, 1, 4, 4}, 0, 1, RandomStream(1, "u")), {0, 1, 0, 1, 1});
  const double h = 0.1;
  const Measures found = LocalGeometry(Linear(w, 0.3), images, {.images = 5, .step = h});
  const AttackInput input = ImagesAsTensors(images, 0, 5);
  const torch::Tensor z = ((input.images * w).sum({1, 2, 3}) + 0.3).to(torch::kDouble);
  const torch::Tensor y = input.labels.to(torch::kDouble);
  const torch::Tensor residual = torch::sigmoid(z) - y;
  const double norm = w.norm().item<double>();
  EXPECT_NEAR(found.values.at("gradient_norm").value, (residual.abs() * norm).mean().item<double>(), 1e-5);
  const torch::Tensor moved = z + residual.sign() * h * w.abs().sum().item<double>() / 4;
  const torch::Tensor bend = (torch::sigmoid(moved) - torch::sigmoid(z)).abs() * norm / h;
  EXPECT_NEAR(found.values.at("curvature").value, bend.mean().item<double>(), 1e-4);
}

TEST(Measures, OverModels) {
  std::vector<Measures> models(3);
  for (size_t i = 0; i < 3; ++i) {
    models[i].values["a"] = {1.0 + static_cast<double>(i), Interval{0, 9}};
    models[i].curves["c"] = {.x = {0, 1}, .y = {static_cast<double>(i), std::nan("")}};
    models[i].maps["m"] = {1, 2, {static_cast<double>(i), 4}};
  }
  models[1].values["b"] = {2.0};
  models[2].values["b"] = {std::nan("")};  // a crossover that is not there
  const Json over = OverModels(models);
  EXPECT_EQ(over["values"]["a"]["models"], 3);
  EXPECT_EQ(over["values"]["b"]["models"], 1);
  EXPECT_DOUBLE_EQ(over["values"]["a"]["mean"].get<double>(), 2);
  const double se = 1 / std::sqrt(3.0);
  EXPECT_NEAR(over["values"]["a"]["se"].get<double>(), se, 1e-12);
  EXPECT_NEAR(over["values"]["a"]["high"].get<double>(), 2 + 4.302653 * se, 1e-4);
  EXPECT_EQ(over["curves"]["c"]["mean"][0], 1);
  EXPECT_TRUE(over["curves"]["c"]["mean"][1].is_null());
  EXPECT_EQ(over["maps"]["m"]["mean"], Json({1, 4}));
  // one model: its own interval
  const Json single = OverModels(std::span(models).first(1));
  EXPECT_EQ(single["values"]["a"]["high"], 9);
  EXPECT_TRUE(single["values"]["a"]["se"].is_null());
}

TEST(Measures, SurviveAnInterruption) {
  const TemporaryFolder folder;
  const Json config = {{"a", 1}};
  Measures measures;
  measures.values["v"] = {0.1 + 0.2, Interval{0.25, 1.0 / 3}};
  measures.values["none"] = {std::nan("")};
  measures.curves["c"] = {.x = {1}, .y = {std::nan("")}, .low = {}, .high = {}};
  measures.maps["m"] = {1, 1, {0.5}};
  int measured = 0;
  const auto measure = [&] {
    ++measured;
    return measures;
  };
  Json first;
  {
    PartStore store(folder / "a.partial", config);
    first = MeasuresToJson(store.Get(0, "hybrid", measure));
  }
  PartStore again(folder / "a.partial", config);
  EXPECT_EQ(MeasuresToJson(again.Get(0, "hybrid", measure)), first);
  EXPECT_EQ(measured, 1);
  again.Get(1, "hybrid", measure);
  EXPECT_EQ(measured, 2);
  EXPECT_THROW(PartStore(folder / "a.partial", {{"a", 2}}), Error);
  again.Remove();
  EXPECT_FALSE(std::filesystem::exists(folder / "a.partial"));
}

}  // namespace murine::analysis_test
