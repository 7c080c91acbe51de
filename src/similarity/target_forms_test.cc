// SPDX-License-Identifier: Apache-2.0
// What holds of the targets of all kinds, and of their files.
#include <gmock/gmock.h>
#include <omp.h>

#include <cmath>

#include "base/progress.h"
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
using testing::Not;

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

// An experiment looks at the options of its targets before what they name is made.
TEST(TargetOptions, FaultsAreFoundWithoutReadingAFile) {
  using Changed = SimilarityOptions;
  const auto fault = [](const auto& change) {
    SimilarityOptions options = Options(TargetKind::kPixel, "npy:absent.npy");
    change(options);
    try {
      options.Check();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(fault([](Changed& o) { o.resize = "8x6"; }), "no error");
  EXPECT_THAT(fault([](Changed& o) { o.resize = "8by6"; }),
              HasSubstr("malformed size: expected HEIGHTxWIDTH"));
  EXPECT_THAT(fault([](Changed& o) { o.max_memory = "much"; }), HasSubstr("malformed size of memory"));

  for (const TargetKind kind : {TargetKind::kNeuralRaw, TargetKind::kOracle, TargetKind::kShuffled})
    for (const std::string resize : {"", "8x6"}) {
      const std::string found = fault([&](Changed& o) {
        o.kind = kind;
        o.of = "oracle";
        o.recordings = {"absent.h5"};
        o.resize = resize;
      });
      EXPECT_EQ(found, resize.empty() ? "no error" : "--resize means nothing for recorded responses");
    }

  const auto control = [&](TargetKind kind, const std::string& of) {
    return fault([&](Changed& o) {
      o.kind = kind;
      o.of = of;
    });
  };
  EXPECT_THAT(control(TargetKind::kNoise, "spectrum"), HasSubstr("a control of a control"));
  EXPECT_THAT(control(TargetKind::kSpectrum, "threshold"), HasSubstr("no vectors to take apart"));
  EXPECT_EQ(control(TargetKind::kShuffled, "threshold"), "no error");
  EXPECT_EQ(control(TargetKind::kPixel, "spectrum"), "no error");  // nothing reads it

  for (const TargetKind kind : {TargetKind::kFeatures, TargetKind::kShuffled})
    for (const std::string layer : {"output", "layer5"}) {
      const std::string found = fault([&](Changed& o) {
        o.kind = kind;
        o.of = "features";
        o.classifier = "absent";
        o.layer = layer;
      });
      EXPECT_THAT(found, HasSubstr(layer == "output" ? "no error" : "did you mean 'layer1'"));
    }
}

// Then w is 1 for every neuron: the description says so, and one warning.
TEST_F(TargetKinds, WeightsThatRestOnNoRepeatsAreSaid) {
  SetUpLog(Verbosity::kQuiet);
  int made = 0;
  std::string log;
  const auto repeated = [&](const SimilarityOptions& options) {
    const std::string name = std::to_string(++made);
    testing::internal::CaptureStderr();
    MakeTargetFile(options, folder_ / (name + ".npy"));
    log = testing::internal::GetCapturedStderr();
    return ReadJson(folder_ / (name + ".json")).value("repeated", Json());
  };
  const auto warned = [&](const std::string& scans) {
    const std::string words = "in " + scans + " scans no two images are shown repeatedly";
    return log.find(words) != std::string::npos && log.find(words) == log.rfind(words);
  };
  WriteTinyDenoiser(Path("repeated.safetensors"), 4, 1);
  WriteTinyDenoiser(Path("once.safetensors"), 3, 2, "false");
  SimilarityOptions neural = pixel_;
  neural.models = {Path("once.safetensors"), Path("repeated.safetensors"), Path("once.safetensors")};
  for (const TargetKind kind : {TargetKind::kNeural, TargetKind::kShuffled, TargetKind::kSpectrum})
    for (const bool factor : {false, true}) {
      neural.kind = kind;
      neural.factor = factor;
      EXPECT_EQ(repeated(neural), Json::array({false, true, false})) << NameOf(kind);
      EXPECT_TRUE(warned("2 of 3")) << log;
    }
  neural.vectors = VectorStyle::kUnweighted;
  EXPECT_EQ(repeated(neural), Json());
  EXPECT_THAT(log, Not(HasSubstr("repeatedly")));

  WriteScan();
  WriteRecording(Path("once.h5"),
                 MakeTinyRecording({1, 1, 1, 1, 1}, 3,
                                   [](int64_t image, int64_t, int64_t neuron) {
                                     return RandomStream(2, "drive", image, neuron).Uniform(0, 3);
                                   }),
                 "{}");
  for (const TargetKind kind : {TargetKind::kNeuralRaw, TargetKind::kOracle}) {
    SimilarityOptions recorded = Options(kind, "recording:" + Path("scan.h5"));
    recorded.recordings = {Path("scan.h5")};
    EXPECT_EQ(repeated(recorded), Json::array({true}));
    EXPECT_THAT(log, Not(HasSubstr("repeatedly")));
    recorded.recordings.push_back(Path("once.h5"));
    EXPECT_EQ(repeated(recorded), Json::array({true, false}));
    EXPECT_TRUE(warned("1 of 2")) << log;
  }
  EXPECT_EQ(repeated(pixel_), Json());
}

}  // namespace murine::target_forms_test
