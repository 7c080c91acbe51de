// SPDX-License-Identifier: Apache-2.0
#include "similarity/predict.h"

#include <gmock/gmock.h>

#include "data/dead_leaves.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/npy.h"
#include "io/temporary_folder.h"
#include "similarity/tiny_denoiser.h"

namespace murine::predict_test {

using testing::ElementsAreArray;
using testing::HasSubstr;

// Neuron k of a scan answers with `factor` times pixel k.
Denoiser::Scan PixelScan(const std::string& name, int64_t neurons, double factor) {
  Denoiser::Scan scan;
  scan.name = name;
  scan.neurons = neurons;
  scan.w = scan.v = std::vector<double>(neurons, 1);
  scan.respond = [=](const torch::Tensor& images) { return factor * images.flatten(1).slice(1, 0, neurons); };
  return scan;
}

Denoiser TwoScans() {
  Denoiser denoiser;
  denoiser.height = 3;
  denoiser.width = 4;
  denoiser.scans = {PixelScan("a", 2, 10), PixelScan("b", 3, 1)};
  return denoiser;
}

// More images than a batch of the prediction holds.
TEST(Predict, AnswersImageByImage) {
  const ImageSet images = DeadLeaves(150, 3, 4, 0);
  const NdArray<float> found = Predict(TwoScans(), 1, images);
  ASSERT_EQ(found.shape, (std::vector<int64_t>{150, 3}));
  for (int64_t i = 0; i < 150; ++i)
    for (int64_t k = 0; k < 3; ++k)
      EXPECT_FLOAT_EQ(found.values[i * 3 + k], static_cast<float>(images.bytes[i * 12 + k]) / 255);
}

TEST(Predict, ScansStandSideBySide) {
  const ImageSet images = DeadLeaves(70, 3, 4, 0);
  const NdArray<float> joined = PredictAll(TwoScans(), images);
  ASSERT_EQ(joined.shape, (std::vector<int64_t>{70, 5}));
  for (int64_t i = 0; i < 70; ++i) {
    const auto pixel = [&](int64_t k) { return static_cast<float>(images.bytes[i * 12 + k]) / 255; };
    const float expected[] = {10 * pixel(0), 10 * pixel(1), pixel(0), pixel(1), pixel(2)};
    for (int64_t k = 0; k < 5; ++k) EXPECT_FLOAT_EQ(joined.values[i * 5 + k], expected[k]) << i << " " << k;
  }
}

TEST(Predict, OtherSizesAreResizedAndColourIsRefused) {
  ImageSet images = DeadLeaves(4, 6, 8, 0);
  const NdArray<float> found = Predict(TwoScans(), 1, images);
  EXPECT_EQ(found.values, Predict(TwoScans(), 1, Resize(images, 3, 4)).values);
  images.channels = 3;
  images.height = 2;
  EXPECT_THAT(MessageOf([&] { Predict(TwoScans(), 0, images); }), HasSubstr("grayscale"));
}

TEST(MakePrediction, WritesTheResponsesAndWhoseTheyAre) {
  const TemporaryFolder folder;
  WriteTinyDenoiser(folder / "mouse.safetensors", 3, 1);
  const PredictOptions options{.model = folder / "mouse.safetensors", .stimuli = "dead-leaves:5x6x8"};
  const Json description = MakePrediction(options, folder / "R.npy");
  EXPECT_EQ(description["images"], 5);
  EXPECT_EQ(description["neurons"], 3);
  EXPECT_EQ(description["scans"].dump(), R"([{"name":"mouse","neurons":3}])");
  EXPECT_EQ(ReadJson(folder / "R.json"), description);
  const NdArray<float> written = ReadNpy<float>(folder / "R.npy");
  EXPECT_EQ(written.shape, (std::vector<int64_t>{5, 3}));
  const Denoiser denoiser = LoadDenoiser(folder / "mouse.safetensors");
  EXPECT_THAT(written.values, ElementsAreArray(Predict(denoiser, 0, DeadLeaves(5, 6, 8, 0)).values));

  // Again: the same. Another model or other stimuli: refused.
  const std::string bytes = ReadFile(folder / "R.npy");
  EXPECT_EQ(MakePrediction(options, folder / "R.npy"), description);
  PredictOptions others = options;
  others.stimuli = "dead-leaves:6x6x8";
  EXPECT_THAT(MessageOf([&] { MakePrediction(others, folder / "R.npy"); }),
              HasSubstr("another configuration"));
  WriteTinyDenoiser(folder / "mouse.safetensors", 3, 2);
  EXPECT_THAT(MessageOf([&] { MakePrediction(options, folder / "R.npy"); }),
              HasSubstr("another configuration"));
  EXPECT_EQ(ReadFile(folder / "R.npy"), bytes);
  WriteFileAtomically(folder / "foreign.npy", "not ours");
  EXPECT_THAT(MessageOf([&] { MakePrediction(options, folder / "foreign.npy"); }),
              HasSubstr("not made by murine"));
}

}  // namespace murine::predict_test
