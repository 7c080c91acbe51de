// SPDX-License-Identifier: Apache-2.0
#include "nn/encoding_model.h"

#include <gmock/gmock.h>

#include "io/temporary_folder.h"
#include "nn/checkpoint.h"
#include "nn/encoder_file.h"
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

// Two recordings and one core, which is stored once.
TEST(LoadDenoiser, ReadsSeveralRecordings) {
  const TemporaryFolder folder;
  EncoderOptions second = Small();
  second.neurons = 5;
  second.shifter = false;
  std::vector<Encoder> encoders = MakeEncoders({Small(), second}, 9);
  {
    torch::NoGradGuard no_grad;
    for (auto& entry : encoders[1]->named_parameters())
      entry.value().add_(NormalTensor(entry.value().sizes(), 0.3, RandomStream(2, entry.key())));
  }
  size_t whole = encoders[0]->parameters().size(), own = 0;
  for (const auto& entry : encoders[1]->named_parameters()) own += !entry.key().starts_with("core.");
  EXPECT_EQ(ParametersOf(encoders).size(), whole + own);
  SafeTensors file;
  AddEncoders(file, "", encoders);
  for (const auto& [prefix, neurons] : {std::pair{"scan0.", int64_t{3}}, {"scan1.", int64_t{5}}})
    for (const char* name : {"reliability_w", "validity_v"})
      file.Add(std::string(prefix) + name,
               NdArray<float>{{neurons}, std::vector<float>(static_cast<size_t>(neurons), 0.5f)});
  Json architectures = {OptionsToJson(Small()), OptionsToJson(second)};
  file.metadata["encoding_model"] = architectures.dump();
  file.metadata["repeated"] = "[false, true]";
  WriteSafeTensors(folder / "two.safetensors", file);
  const Denoiser denoiser = LoadDenoiser(folder / "two.safetensors");
  ASSERT_EQ(denoiser.scans.size(), 2u);
  EXPECT_FALSE(denoiser.scans[0].repeated);
  EXPECT_TRUE(denoiser.scans[1].repeated);
  torch::NoGradGuard no_grad;
  for (size_t k = 0; k < 2; ++k) {
    encoders[k]->eval();
    EXPECT_TRUE(denoiser.scans[k].respond(Images()).equal(encoders[k]->Denoised(Images()))) << k;
  }
  architectures[1]["channels"] = 4;
  file.metadata["encoding_model"] = architectures.dump();
  WriteSafeTensors(folder / "odd.safetensors", file);
  EXPECT_THAT(MessageOf([&] { LoadDenoiser(folder / "odd.safetensors"); }),
              HasSubstr("differ in their architecture"));
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
  // What the metadata ask for is looked at before there is memory for it.
  const auto asking = [&](const char* name, int64_t value) {
    return message([&](SafeTensors& s) {
      Json architecture = ParseJson(s.metadata["encoding_model"], "");
      architecture[name] = value;
      s.metadata["encoding_model"] = architecture.dump();
    });
  };
  EXPECT_THAT(asking("neurons", 10'000'000), HasSubstr("larger model than the file holds"));
  EXPECT_THAT(asking("channels", 4096), HasSubstr("larger model than the file holds"));
  EXPECT_THAT(asking("neurons", int64_t{1} << 62), HasSubstr("neurons"));
  EXPECT_THAT(asking("input-kernel", (int64_t{1} << 40) + 1), HasSubstr("--input-kernel"));
  EXPECT_THAT(asking("width", int64_t{1} << 62), HasSubstr("size of the images"));
}

// Against the modules themselves.
TEST(EncoderOptions, CountTheirValues) {
  for (const CoreKind core : {CoreKind::kDense, CoreKind::kStacked}) {
    EncoderOptions options = Small();
    options.core = core;
    options.layers = 4;
    options.scales = 2;
    Encoder encoder(options, 0);
    int64_t filters = 0, weights = 0;
    for (const auto& entry : encoder->named_parameters()) {
      if (entry.value().dim() == 4) filters += entry.value().numel();
      if (entry.key() == "readout.weights") weights = entry.value().numel();
    }
    EXPECT_EQ(options.CoreValues(), filters);
    EXPECT_EQ(options.ReadoutValues(), weights);
  }
}

}  // namespace murine::encoding_model_test
