// SPDX-License-Identifier: Apache-2.0
// What holds of the targets of all kinds, and of their files.
#include <gmock/gmock.h>
#include <omp.h>

#include <cmath>

#include "data/recording.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "similarity/similarity.h"
#include "similarity/target_fixture.h"
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
    const bool control = options.of == "neural" && kind >= TargetKind::kShuffled;
    if (kind == TargetKind::kNeural || control)
      options.models = {Path("mouse.safetensors"), Path("mouse.safetensors")};
    if (recorded) options.recordings = {Path("scan.h5")};
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
  EXPECT_THAT(refused([](SimilarityOptions& o) { o.kind = TargetKind::kShuffled; }), kRefused);
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
  options.kind = TargetKind::kFeatures;
  EXPECT_THAT(MessageOf([&] { Make(options); }), HasSubstr("--classifier"));
  options.kind = TargetKind::kShuffled;
  options.of = "neural-raw";
  EXPECT_THAT(MessageOf([&] { Make(options); }), HasSubstr("--recording"));
  options.stimuli = "";
  EXPECT_THAT(MessageOf([&] { Make(options); }), HasSubstr("--stimuli"));
}

}  // namespace murine::target_forms_test
