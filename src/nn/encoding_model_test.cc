// SPDX-License-Identifier: Apache-2.0
#include "nn/encoding_model.h"

#include <gmock/gmock.h>

#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "nn/encoder.h"
#include "nn/tensor.h"

namespace murine::encoding_model_test {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kNeurons = 3;

EncoderOptions Small() {
  return {.channels = 2,
          .layers = 2,
          .input_kernel = 3,
          .hidden_kernel = 3,
          .height = 6,
          .width = 8,
          .neurons = kNeurons,
          .shifter = true,
          .modulator = false};
}

torch::Tensor Images() { return UniformTensor({5, 1, 6, 8}, 0, 1, RandomStream(1, "images")); }

// Scales and running statistics that differ from those of a new model.
Encoder Fitted() {
  Encoder encoder(Small(), 9);
  encoder->SetScales(Images(), UniformTensor({5, kNeurons}, 0, 4, RandomStream(1, "responses")),
                     {{}, UniformTensor({5, 2}, 90, 100, RandomStream(1, "pupil"))});
  torch::NoGradGuard no_grad;
  encoder->train();
  for (int i = 0; i < 3; ++i) encoder->Features(Images());
  encoder->eval();
  return encoder;
}

SafeTensors Stored(Encoder& encoder) {
  SafeTensors file;
  AddModule(file, "", *encoder);
  file.Add("reliability_w", NdArray<float>{{kNeurons}, {0.5f, 1, 2}});
  file.Add("validity_v", NdArray<float>{{kNeurons}, {0.25f, 0, 0.75f}});
  file.metadata["encoding_model"] = OptionsToJson(Small()).dump();
  file.metadata["repeated"] = "true";
  return file;
}

TEST(LoadDenoiser, RespondsAsTheModelThatWasWritten) {
  const TemporaryFolder folder;
  Encoder encoder = Fitted();
  WriteSafeTensors(folder / "mouse.safetensors", Stored(encoder));
  const Denoiser denoiser = LoadDenoiser(folder / "mouse.safetensors");
  EXPECT_EQ(denoiser.height, 6);
  EXPECT_EQ(denoiser.width, 8);
  ASSERT_EQ(denoiser.scans.size(), 1u);
  const Denoiser::Scan& scan = denoiser.scans[0];
  EXPECT_EQ(scan.neurons, kNeurons);
  EXPECT_THAT(scan.w, ElementsAre(0.5, 1, 2));
  EXPECT_THAT(scan.v, ElementsAre(0.25, 0, 0.75));
  EXPECT_TRUE(scan.repeated);
  const torch::Tensor found = scan.respond(Images());
  EXPECT_FALSE(found.requires_grad());
  torch::NoGradGuard no_grad;
  EXPECT_TRUE(found.equal(encoder->Denoised(Images())));
  EXPECT_TRUE(scan.respond(Images()).equal(found));  // evaluation mode: statistics stay
  Encoder fresh(Small(), 0);
  fresh->eval();
  EXPECT_FALSE(torch::allclose(fresh->Denoised(Images()), found, 0.1, 0.1));
}

TEST(LoadDenoiser, KnowsTheScansName) {
  const TemporaryFolder folder;
  Encoder encoder = Fitted();
  SafeTensors stored = Stored(encoder);
  WriteSafeTensors(folder / "unnamed.safetensors", stored);
  EXPECT_EQ(LoadDenoiser(folder / "unnamed.safetensors").scans[0].name, "unnamed");
  stored.metadata["result"] = R"({"per_recording": [{"name": "scan 7", "neurons": 3}]})";
  WriteSafeTensors(folder / "named.safetensors", stored);
  EXPECT_EQ(LoadDenoiser(folder / "named.safetensors").scans[0].name, "scan 7");
}

TEST(LoadDenoiser, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  Encoder encoder = Fitted();
  const auto message = [&](auto change) {
    SafeTensors stored = Stored(encoder);
    change(stored);
    WriteSafeTensors(folder / "mouse.safetensors", stored);
    return MessageOf([&] { LoadDenoiser(folder / "mouse.safetensors"); });
  };
  EXPECT_EQ(message([](SafeTensors&) {}), "no error");
  EXPECT_THAT(message([](SafeTensors& s) {
                s.Add("validity_v", NdArray<float>{{2}, {0, 1}});
              }),
              HasSubstr("size of validity_v"));
  EXPECT_THAT(message([](SafeTensors& s) { s.tensors.erase("reliability_w"); }), HasSubstr("reliability_w"));
  EXPECT_THAT(message([](SafeTensors& s) { s.tensors.erase("core.conv1.weight"); }),
              HasSubstr("core.conv1.weight"));
  EXPECT_THAT(message([](SafeTensors& s) {
                s.Add("bias", NdArray<float>{{1}, {0}});
              }),
              HasSubstr("shape of tensor bias"));
  EXPECT_THAT(message([](SafeTensors& s) { s.metadata.erase("encoding_model"); }), HasSubstr("murine fit"));
  EXPECT_THAT(message([](SafeTensors& s) {
                s.metadata.erase("encoding_model");
                s.metadata["resnet"] = "{}";
              }),
              HasSubstr("this is a classifier"));
  EXPECT_THAT(message([](SafeTensors& s) { s.metadata["encoding_model"] = R"({"chanels": 2})"; }),
              HasSubstr("channels"));
}

}  // namespace murine::encoding_model_test
