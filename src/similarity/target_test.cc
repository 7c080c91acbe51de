// SPDX-License-Identifier: Apache-2.0
// Each kind of target against its formula.
#include <gmock/gmock.h>
#include <omp.h>

#include <cmath>
#include <functional>
#include <set>

#include "data/reliability.h"
#include "data/tiny_recording.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "similarity/matrix_file.h"
#include "similarity/predict.h"
#include "similarity/similarity.h"
#include "similarity/target_fixture.h"
#include "similarity/tiny_denoiser.h"

namespace murine::target_test {

using namespace target_fixture;
using testing::HasSubstr;

constexpr double kRounding = 1e-5;  // float32 vectors of unit length

// Cosine of two rows after the mean over rows is subtracted, in double.
double PlainSimilarity(const std::vector<std::vector<double>>& vectors, size_t i, size_t j) {
  double product = 0, first = 0, second = 0;
  for (size_t k = 0; k < vectors[0].size(); ++k) {
    double mean = 0;
    for (const auto& row : vectors) mean += row[k] / static_cast<double>(vectors.size());
    product += (vectors[i][k] - mean) * (vectors[j][k] - mean);
    first += std::pow(vectors[i][k] - mean, 2);
    second += std::pow(vectors[j][k] - mean, 2);
  }
  return product / std::sqrt(first * second);
}

void ExpectSimilarities(const SimilarityMatrix& found, const std::vector<std::vector<double>>& vectors) {
  ASSERT_EQ(found.n, static_cast<int64_t>(vectors.size()));
  for (int64_t i = 0; i < found.n; ++i)
    for (int64_t j = 0; j < found.n; ++j)
      ASSERT_NEAR(found.at(i, j), PlainSimilarity(vectors, i, j), kRounding) << i << " " << j;
}

std::vector<std::vector<double>> PixelsOf(const ImageSet& images) {
  std::vector<std::vector<double>> rows;
  for (int64_t i = 0; i < images.count(); ++i) {
    const auto pixels = images.Floats(i, i + 1);
    rows.emplace_back(pixels.begin(), pixels.end());
  }
  return rows;
}

TEST_F(TargetKinds, PixelIsTheCosineOfCentredPixels) {
  ExpectSimilarities(Make(pixel_), PixelsOf(LoadImages(pixel_.stimuli, {})));
}

// Two pixels, four images: 1, 0 and their opposites by hand.
TEST_F(TargetKinds, PixelInClosedForm) {
  const std::vector<float> images = {1, 0.5f, 0.5f, 1, 0, 0.5f, 0.5f, 0};  // mean 0.5, 0.5
  WriteNpy<float>(folder_ / "images.npy", {4, 1, 2}, images);
  const SimilarityMatrix found = Make(Options(TargetKind::kPixel, "npy:" + Path("images.npy")));
  const std::vector<float> expected = {1, 0, -1, 0, 0, 1, 0, -1, -1, 0, 1, 0, 0, -1, 0, 1};
  for (size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(found.values[k], expected[k], 1e-6) << k;
}

TEST_F(TargetKinds, ThresholdKeepsTheSignOfWhatIsLarge) {
  SimilarityOptions options = pixel_;
  options.stimuli = "dead-leaves:40x6x8";
  const SimilarityMatrix pixel = Make(options);
  options.kind = TargetKind::kThreshold;
  options.threshold = 0.4;
  const SimilarityMatrix found = Make(options);
  std::set<float> values;
  for (size_t k = 0; k < found.values.size(); ++k) {
    const float s = pixel.values[k];
    EXPECT_EQ(found.values[k], s > 0.4f ? 1 : s < -0.4f ? -1 : 0);
    values.insert(found.values[k]);
  }
  EXPECT_EQ(values.size(), 3u);
}

TEST_F(TargetKinds, NeuralWeighsDenoisedResponsesByReliabilityAndValidity) {
  WriteTinyDenoiser(Path("mouse.safetensors"), 4, 1);
  SimilarityOptions options = pixel_;
  options.kind = TargetKind::kNeural;
  options.models = {Path("mouse.safetensors")};
  const NdArray<float> rho = Predict(LoadDenoiser(options.models[0]), 0, LoadImages(options.stimuli, {}));
  std::vector<std::vector<double>> weighted, plain;
  for (int64_t i = 0; i < 12; ++i) {
    weighted.emplace_back();
    plain.emplace_back();
    for (int64_t a = 0; a < 4; ++a) {
      const double w = 0.5 * static_cast<double>(a + 1), v = 0.9 - 0.1 * static_cast<double>(a);
      weighted.back().push_back(w * v * rho.values[i * 4 + a]);
      plain.back().push_back(rho.values[i * 4 + a]);
    }
  }
  const SimilarityMatrix found = Make(options);
  ExpectSimilarities(found, weighted);
  double largest = 0;
  for (size_t i = 0; i < 12; ++i)
    for (size_t j = 0; j < 12; ++j)
      largest = std::max(largest, std::abs(found.at(i, j) - PlainSimilarity(plain, i, j)));
  EXPECT_GT(largest, 0.01);  // the weights matter
}

TEST_F(TargetKinds, NeuralIsTheMeanOverScans) {
  SimilarityOptions options = pixel_;
  options.kind = TargetKind::kNeural;
  std::vector<SimilarityMatrix> each;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const std::string path = Path("mouse" + std::to_string(seed) + ".safetensors");
    WriteTinyDenoiser(path, 3 + static_cast<int64_t>(seed), seed);
    options.models = {path};
    each.push_back(Make(options));
  }
  options.models = {Path("mouse0.safetensors"), Path("mouse1.safetensors"), Path("mouse2.safetensors")};
  const SimilarityMatrix mean = Make(options);
  for (size_t k = 0; k < mean.values.size(); ++k)
    EXPECT_NEAR(mean.values[k], (each[0].values[k] + each[1].values[k] + each[2].values[k]) / 3, 1e-6);
}

TEST_F(TargetKinds, RecordedKindsTakeTheFirstTrialOrTheMean) {
  const Recording recording = WriteScan();
  const std::vector<double> w = MeasureReliability(recording, 0).w;
  std::vector<std::vector<double>> first(5, std::vector<double>(4)), mean = first;
  for (int64_t image = 0; image < 5; ++image) {
    double trials = 0;
    for (int64_t t = 0; t < recording.trials(); ++t) {
      if (recording.trial_image[t] != image) continue;
      trials += 1;
      for (size_t a = 0; a < 4; ++a) {
        mean[image][a] += w[a] * recording.response(t)[a];
        if (trials == 1) first[image][a] = w[a] * recording.response(t)[a];
      }
    }
    for (double& value : mean[image]) value /= trials;
  }
  SimilarityOptions options = Options(TargetKind::kNeuralRaw, "recording:" + Path("scan.h5"));
  options.recordings = {Path("scan.h5")};
  ExpectSimilarities(Make(options), first);
  options.kind = TargetKind::kOracle;
  ExpectSimilarities(Make(options), mean);
  // Some of the recording's images alone, as they were named when they were shown.
  options.stimuli = "recording:" + Path("scan.h5") + "@1-4";
  ExpectSimilarities(Make(options), {mean.begin() + 1, mean.begin() + 4});
  options.stimuli = "dead-leaves:5x2x3";
  EXPECT_THAT(MessageOf([&] { Make(options); }), HasSubstr("saw other images"));
  options.stimuli = "recording:" + Path("scan.h5");
  options.resize = "4x6";
  EXPECT_THAT(MessageOf([&] { Make(options); }), HasSubstr("--resize"));
}

// Every image takes the place of another: rows and columns of the source in one and the same order.
TEST_F(TargetKinds, ShuffledIsThePermutedSource) {
  const SimilarityMatrix source = Make(pixel_);
  SimilarityOptions options = pixel_;
  options.kind = TargetKind::kShuffled;
  options.of = "pixel";
  std::set<std::vector<float>> different;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    options.seed = seed;
    const SimilarityMatrix found = Make(options);
    different.insert(found.values);
    std::set<int64_t> taken;
    for (int64_t i = 0; i < found.n; ++i) {
      EXPECT_EQ(found.at(i, i), 1);
      std::multiset<float> row(&found.values[i * 12], &found.values[i * 12] + 12);
      for (int64_t k = 0; k < found.n; ++k)
        if (row == std::multiset<float>(&source.values[k * 12], &source.values[k * 12] + 12)) {
          EXPECT_NE(k, i) << "an image keeps its place";
          taken.insert(k);
        }
    }
    EXPECT_EQ(taken.size(), 12u);
    for (int64_t i = 0; i < found.n; ++i)
      for (int64_t j = 0; j < found.n; ++j) EXPECT_EQ(found.at(i, j), found.at(j, i));
  }
  EXPECT_EQ(different.size(), 8u);
  options.of = "shuffled";
  EXPECT_THROW(Make(options), Error);
}

// On average +-1 and 0 as S says, and a pair left out is NaN.
TEST_F(TargetKinds, ThresholdLeavesOutWhatItsRangeDoesNotName) {
  SimilarityOptions options = Options(TargetKind::kPixel, "dead-leaves:40x6x8");
  const SimilarityMatrix pixel = Make(options);
  options.kind = TargetKind::kThreshold;
  options.threshold = 0.4;
  options.low_threshold = 0.1;
  const std::vector<std::pair<PairRange, std::function<bool(float)>>> ranges = {
      {PairRange::kHigh, [](float s) { return std::abs(s) > 0.4f; }},
      {PairRange::kLow, [](float s) { return std::abs(s) < 0.4f; }},
      {PairRange::kPositive, [](float s) { return s > 0.4f || std::abs(s) < 0.4f; }},
      {PairRange::kNegative, [](float s) { return s < -0.4f || std::abs(s) < 0.4f; }},
      {PairRange::kDouble, [](float s) { return std::abs(s) > 0.4f || std::abs(s) < 0.1f; }}};
  for (const auto& [range, keeps] : ranges) {
    options.range = range;
    int kept = 0, left_out = 0;
    for (const bool factor : {false, true}) {
      options.factor = factor;
      const std::string name = std::string(NameOf(range)) + (factor ? "-factor" : "");
      MakeTargetFile(options, folder_ / (name + ".npy"));
      const Target target(folder_ / (name + ".npy"));
      EXPECT_TRUE(target.filter());
      for (int64_t i = 0; i < 40; ++i)
        for (int64_t j = 0; j < 40; ++j) {
          const float s = pixel.at(i, j), found = target.at(i, j);
          if (std::min(std::abs(std::abs(s) - 0.4f), std::abs(std::abs(s) - 0.1f)) < 1e-6f) continue;
          ASSERT_EQ(target.wanted(i, j), i == j || keeps(s)) << name << " " << s;
          const float expected = s > 0.4f ? 1.f : s < -0.4f ? -1.f : 0.f;
          ASSERT_TRUE(i == j || keeps(s) ? found == expected : std::isnan(found)) << name << " " << s;
          ++(target.wanted(i, j) ? kept : left_out);
        }
      EXPECT_THAT(MessageOf([&] { ReadTarget(folder_ / (name + ".npy")); }), HasSubstr("leaves pairs out"));
    }
    EXPECT_GT(kept, 80);
    EXPECT_GT(left_out, 0);
  }
}

TEST_F(TargetKinds, VectorsOfResponsesMayBeUnweightedOrZscored) {
  const Recording recording = WriteScan();
  SimilarityOptions options = Options(TargetKind::kOracle, "recording:" + Path("scan.h5"));
  options.recordings = {Path("scan.h5")};
  std::vector<std::vector<double>> means(5, std::vector<double>(4));
  for (int64_t image = 0; image < 5; ++image) {
    double trials = 0;
    for (int64_t t = 0; t < recording.trials(); ++t) {
      if (recording.trial_image[t] != image) continue;
      trials += 1;
      for (size_t a = 0; a < 4; ++a) means[image][a] += recording.response(t)[a];
    }
    for (double& value : means[image]) value /= trials;
  }
  options.vectors = VectorStyle::kUnweighted;
  ExpectSimilarities(Make(options), means);
  options.vectors = VectorStyle::kZscore;
  const SimilarityMatrix found = Make(options);
  std::vector<std::vector<double>> z = means;
  for (size_t a = 0; a < 4; ++a) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < 5; ++i) mean += means[i][a] / 5;
    for (size_t i = 0; i < 5; ++i) square += std::pow(means[i][a] - mean, 2) / 5;
    for (size_t i = 0; i < 5; ++i) z[i][a] = (means[i][a] - mean) / std::sqrt(square);
  }
  for (int64_t i = 0; i < 5; ++i)
    for (int64_t j = 0; j < 5; ++j)
      EXPECT_NEAR(found.at(i, j), i == j ? 1 : Correlation(z[i], z[j]), kRounding);
}

}  // namespace murine::target_test
