// SPDX-License-Identifier: Apache-2.0
// What holds of the targets of all kinds, and of their files.
#include <gmock/gmock.h>
#include <omp.h>

#include <cmath>
#include <functional>
#include <set>

#include "data/recording.h"
#include "data/reliability.h"
#include "data/tiny_recording.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "similarity/matrix_file.h"
#include "similarity/predict.h"
#include "similarity/similarity.h"
#include "similarity/tiny_denoiser.h"

namespace murine::target_forms_test {

using namespace target_fixture;
using testing::HasSubstr;

// Every kind at once: symmetric, 1 on the diagonal, in [-1, 1], and as unit vectors the same.
TEST_F(TargetKinds, EveryKindIsASimilarityAlsoAsAFactor) {
  WriteTinyDenoiser(Path("mouse.safetensors"), 4, 1);
  const Recording recording = WriteScan();
  NdArray<int64_t> labels{{12}, {}};
  for (int64_t i = 0; i < 12; ++i) labels.values.push_back(i % 3);
  WriteNpy<int64_t>(folder_ / "labels.npy", labels.shape, labels.values);
  const ImageSet images = LoadImages("dead-leaves:12x6x8", {});
  WriteNpy<uint8_t>(folder_ / "images.npy", {12, 6, 8}, images.bytes);
  for (const auto& [kind, kind_name] : EnumNames(TargetKind{})) {
    if (kind == TargetKind::kFeatures) continue;  // needs a classifier: kinds_test.cc
    SCOPED_TRACE(std::string(kind_name));
    const bool recorded = kind == TargetKind::kNeuralRaw || kind == TargetKind::kOracle;
    SimilarityOptions options =
        Options(kind, recorded ? "recording:" + Path("scan.h5")
                               : "npy:" + Path("images.npy") + "," + Path("labels.npy"));
    options.models = {Path("mouse.safetensors"), Path("mouse.safetensors")};
    options.recordings = {Path("scan.h5")};
    options.dimensions = 5;
    options.vectors = VectorStyle::kUnweighted;
    const std::string name(kind_name);
    const SimilarityMatrix matrix = Make(options, name);
    for (int64_t i = 0; i < matrix.n; ++i)
      for (int64_t j = 0; j < matrix.n; ++j) {
        EXPECT_EQ(matrix.at(i, j), matrix.at(j, i));
        EXPECT_LE(std::abs(matrix.at(i, j)), 1);
        EXPECT_TRUE(i != j || matrix.at(i, j) == 1);
      }
    options.factor = true;
    MakeTargetFile(options, folder_ / (name + "-factor.npy"));
    const Target factor(folder_ / (name + "-factor.npy"));
    EXPECT_EQ(factor.description()["form"], "factor");
    const SimilarityMatrix whole = ReadTarget(folder_ / (name + "-factor.npy")).matrix;
    for (int64_t i = 0; i < matrix.n; ++i)
      for (int64_t j = 0; j < matrix.n; ++j) {
        EXPECT_NEAR(factor.at(i, j), matrix.at(i, j), 2e-6);
        EXPECT_NEAR(whole.at(i, j), matrix.at(i, j), 2e-6);
      }
  }
}

TEST_F(TargetKinds, TheBoundOfMemoryDoesNotChangeBits) {
  SimilarityOptions options = Options(TargetKind::kPixel, "dead-leaves:600x6x8");
  MakeTargetFile(options, folder_ / "A.npy");
  options.max_memory = "1200KiB";  // images and a tile a thread, but no vectors
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  MakeTargetFile(options, folder_ / "B.npy");
  EXPECT_EQ(ReadFile(folder_ / "A.npy"), ReadFile(folder_ / "B.npy"));
  EXPECT_EQ(ReadFile(folder_ / "A.json"), ReadFile(folder_ / "B.json"));
  options.max_memory = "100KiB";
  EXPECT_THAT(MessageOf([&] { MakeTargetFile(options, folder_ / "C.npy"); }), HasSubstr("--max-memory"));
  options.max_memory = "much";
  EXPECT_THAT(MessageOf([&] { MakeTargetFile(options, folder_ / "C.npy"); }), HasSubstr("1GiB"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "C.npy.unfinished"));
  omp_set_num_threads(threads);
}

// As a killed process leaves it: some tiles written and saved, others written by half.
TEST_F(TargetKinds, AnUnfinishedMatrixIsGoneOnWith) {
  const SimilarityOptions options = Options(TargetKind::kPixel, "dead-leaves:1100x3x4");
  MakeTargetFile(options, folder_ / "whole.npy");
  const Json config = ReadJson(folder_ / "whole.json")["config"];
  const NdArray<float> whole = ReadNpy<float>(folder_ / "whole.npy");
  const int64_t n = 1100, saved = 4;
  {
    MatrixFile file(folder_ / "S.npy", n, config);
    std::vector<float> nonsense(512 * 512, 7);
    file.Write({0, 0, 512, 512}, nonsense);
    // what was saved is not made again: a mark in it stays
    file.Save(saved);
    file.Write({1024, 1024, 76, 76}, std::span(nonsense).first(76 * 76));
    file.Keep();
  }
  const Json made = MakeTargetFile(options, folder_ / "S.npy");
  const NdArray<float> found = ReadNpy<float>(folder_ / "S.npy");
  for (int64_t i = 0; i < n; i += 3)
    for (int64_t j = 0; j < n; ++j) {
      const int64_t top = std::min(i, j) / 512, left = std::max(i, j) / 512;
      const bool written_before = top == 0 || (top == 1 && left == 1);
      const float expected = top == 0 && left == 0 ? 7 : whole.values[i * n + j];
      const bool checked = !written_before || (top == 0 && left == 0);
      ASSERT_TRUE(!checked || found.values[i * n + j] == expected) << i << " " << j;
    }
  EXPECT_EQ(made["sha256"], ReadJson(folder_ / "S.json")["sha256"]);
  for (const char* left : {"S.npy.unfinished", "S.npy.unfinished.json"})
    EXPECT_FALSE(std::filesystem::exists(folder_ / left));

  { MatrixFile(folder_ / "T.npy", n, config).Save(saved); }  // an error: nothing stays
  EXPECT_FALSE(std::filesystem::exists(folder_ / "T.npy.unfinished"));
  {
    MatrixFile file(folder_ / "T.npy", n, config);
    EXPECT_THAT(MessageOf([&] { MatrixFile(folder_ / "T.npy", n, config); }), HasSubstr("another process"));
    file.Save(saved);
    file.Keep();
  }
  SimilarityOptions other = options;
  other.stimuli = "dead-leaves:1100x4x3";
  EXPECT_THAT(MessageOf([&] { MakeTargetFile(other, folder_ / "T.npy"); }),
              HasSubstr("another configuration"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "T.npy.unfinished"));
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

TEST_F(TargetKinds, TheSameConfigurationGivesTheSameBytesAndIsFoundAgain) {
  WriteTinyDenoiser(Path("mouse.safetensors"), 4, 1);
  SimilarityOptions options = pixel_;
  options.kind = TargetKind::kNeural;
  options.models = {Path("mouse.safetensors")};
  Json made = MakeTargetFile(options, folder_ / "A.npy");
  MakeTargetFile(options, folder_ / "B.npy");
  EXPECT_EQ(ReadFile(folder_ / "A.npy"), ReadFile(folder_ / "B.npy"));
  EXPECT_EQ(ReadFile(folder_ / "A.json"), ReadFile(folder_ / "B.json"));
  EXPECT_EQ(made["kind"], "neural");
  EXPECT_EQ(made["images"], 12);
  EXPECT_EQ(made["pairs"], 66);
  EXPECT_EQ(made["stimuli_hash"], StimuliHash(LoadImages(options.stimuli, {})));
  Json found = MakeTargetFile(options, folder_ / "A.npy");
  made.erase("seconds");
  found.erase("seconds");
  EXPECT_EQ(found, made);

  const auto refused = [&](auto change) {
    SimilarityOptions other = options;
    change(other);
    return MessageOf([&] { MakeTargetFile(other, folder_ / "A.npy"); });
  };
  const auto kRefused = HasSubstr("another configuration");
  EXPECT_THAT(refused([](SimilarityOptions& o) { o.kind = TargetKind::kPixel; }), kRefused);
  EXPECT_THAT(refused([](SimilarityOptions& o) { o.stimuli = "dead-leaves:12x6x9"; }), kRefused);
  EXPECT_THAT(refused([](SimilarityOptions& o) { o.stimuli += "@0-11"; }), kRefused);
  EXPECT_THAT(refused([](SimilarityOptions& o) { o.resize = "3x4"; }), kRefused);
  EXPECT_THAT(refused([](SimilarityOptions& o) { o.models.push_back(o.models[0]); }), kRefused);
  WriteTinyDenoiser(Path("mouse.safetensors"), 4, 2);  // another model under the same name
  EXPECT_THAT(refused([](SimilarityOptions&) {}), kRefused);
  EXPECT_EQ(ReadFile(folder_ / "A.npy"), ReadFile(folder_ / "B.npy"));
}

TEST_F(TargetKinds, KindsSayWhatTheyNeed) {
  SimilarityOptions options = pixel_;
  options.kind = TargetKind::kNeural;
  EXPECT_THAT(MessageOf([&] { Make(options); }), HasSubstr("--model"));
  options.kind = TargetKind::kOracle;
  EXPECT_THAT(MessageOf([&] { Make(options); }), HasSubstr("--recording"));
  options.stimuli = "";
  EXPECT_THAT(MessageOf([&] { Make(options); }), HasSubstr("--stimuli"));
}

}  // namespace murine::target_forms_test
