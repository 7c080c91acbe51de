// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder.h"

#include <gmock/gmock.h>

#include <cmath>

#include "io/temporary_folder.h"
#include "nn/tensor.h"

namespace murine::encoder_test {

using testing::HasSubstr;

constexpr int64_t kTrials = 9, kNeurons = 4;

EncoderOptions Small() {
  return {.channels = 3,
          .layers = 2,
          .input_kernel = 3,
          .hidden_kernel = 3,
          .height = 6,
          .width = 8,
          .neurons = kNeurons};
}

torch::Tensor Images() { return UniformTensor({kTrials, 1, 6, 8}, 0.1, 0.8, RandomStream(1, "images")); }

// Neuron 0 answers strongly, 1 weakly, 2 never, 3 all but never.
torch::Tensor Responses() {
  torch::Tensor responses = torch::zeros({kTrials, kNeurons});
  for (int64_t t = 0; t < kTrials; ++t) {
    responses[t][0] = 5 + static_cast<double>(t % 3);
    responses[t][1] = t == 2 ? 1.0 : 0.0;
    responses[t][3] = t == 4 ? 1e-4 : 0.0;
  }
  return responses;
}

Conditions Moving() {
  return {UniformTensor({kTrials, 3}, 10, 30, RandomStream(1, "behavior")),
          UniformTensor({kTrials, 2}, 100, 200, RandomStream(1, "pupil"))};
}

// Biases start at 0, where a fault could hide.
void Disturb(Encoder& encoder) {
  torch::NoGradGuard no_grad;
  for (auto& entry : encoder->named_parameters())
    entry.value().add_(NormalTensor(entry.value().sizes(), 0.3, RandomStream(2, entry.key())));
}

double Deviation(const torch::Tensor& values) {  // population
  return (values - values.mean()).square().mean().sqrt().item<double>();
}

TEST(Encoder, ScalesAreThoseOfTheTrainingTrials) {
  torch::NoGradGuard no_grad;
  Encoder encoder(Small(), 0);
  const torch::Tensor images = Images(), responses = Responses();
  const Conditions conditions = Moving();
  encoder->SetScales(images, responses, conditions);
  const auto buffers = encoder->named_buffers();
  constexpr double kRounding = 1e-5;  // relative, float32 means
  EXPECT_NEAR(buffers["image_mean"].item<double>(), images.mean().item<double>(), kRounding);
  EXPECT_NEAR(buffers["image_scale"].item<double>(), Deviation(images), kRounding);
  for (int64_t k = 0; k < 3; ++k) {
    const torch::Tensor column = conditions.behavior.select(1, k);
    EXPECT_NEAR(buffers["behavior_mean"][k].item<double>(), column.mean().item<double>(), 30 * kRounding);
    EXPECT_NEAR(buffers["behavior_scale"][k].item<double>(), Deviation(column), 30 * kRounding);
  }
  for (int64_t k = 0; k < 2; ++k) {
    const torch::Tensor column = conditions.pupil_center.select(1, k);
    EXPECT_NEAR(buffers["pupil_mean"][k].item<double>(), column.mean().item<double>(), 200 * kRounding);
    EXPECT_NEAR(buffers["pupil_scale"][k].item<double>(), Deviation(column), 200 * kRounding);
  }
}

TEST(Encoder, SilentNeuronsAreDividedByAHundredthOfTheMeanDeviation) {
  Encoder encoder(Small(), 0);
  const torch::Tensor responses = Responses();
  encoder->SetScales(Images(), responses, Moving());
  std::vector<double> deviations;
  for (int64_t a = 0; a < kNeurons; ++a) deviations.push_back(Deviation(responses.select(1, a)));
  const double least = 0.01 * (deviations[0] + deviations[1] + deviations[2] + deviations[3]) / 4;
  ASSERT_EQ(deviations[2], 0);
  ASSERT_LT(deviations[3], least);
  const std::vector<double> expected = {deviations[0], deviations[1], least, least};
  for (int64_t a = 0; a < kNeurons; ++a)
    EXPECT_NEAR(encoder->response_scale()[a].item<double>(), expected[a], 1e-5 * expected[a]) << a;
}

// With a readout that reads nothing the model answers with the mean, above 1 scale (neuron 0) as below
// (neuron 1); a silent neuron with a hundredth of its scale, for elu + 1 never gives 0.
TEST(Encoder, BiasStartsAtTheMeanResponse) {
  torch::NoGradGuard no_grad;
  Encoder encoder(Small(), 0);
  const torch::Tensor responses = Responses();
  encoder->SetScales(Images(), responses, Moving());
  encoder->named_parameters()["readout.weights"].zero_();
  const torch::Tensor found = encoder->Denoised(Images())[3];
  const torch::Tensor scale = encoder->response_scale();
  ASSERT_GT((responses.mean(0) / scale)[0].item<double>(), 1);
  ASSERT_LT((responses.mean(0) / scale)[1].item<double>(), 1);
  for (const int64_t a : {0, 1})
    EXPECT_NEAR(found[a].item<double>(), responses.select(1, a).mean().item<double>(), 1e-5) << a;
  EXPECT_NEAR(found[2].item<double>(), 0.01 * scale[2].item<double>(), 1e-7);
}

// elu(readout(features, shifter(0)) * modulator(0) + bias) + 1 by hand: at its mean, standardized behaviour
// is 0.
TEST(Encoder, NeutralIsShifterAndModulatorAtTheMean) {
  torch::NoGradGuard no_grad;
  Encoder encoder(Small(), 3);
  Disturb(encoder);
  const Conditions conditions = Moving();
  encoder->SetScales(Images(), Responses(), conditions);
  encoder->eval();
  const auto p = encoder->named_parameters();
  const torch::Tensor gain =
      torch::elu(torch::relu(p["modulator.hidden.bias"]).matmul(p["modulator.gain.weight"].t()) +
                 p["modulator.gain.bias"]) +
      1;
  torch::Tensor shift = torch::zeros({1, 2});
  for (const std::string layer : {"first", "second", "third"})
    shift =
        torch::tanh(shift.matmul(p["shifter." + layer + ".weight"].t()) + p["shifter." + layer + ".bias"]);
  ASSERT_GT((gain - 1).abs().max().item<double>(), 0.1);
  ASSERT_GT(shift.abs().max().item<double>(), 0.05);
  const torch::Tensor features = encoder->Features(Images());
  const torch::Tensor read =
      ReadPoints(features, (p["readout.positions"] + shift).unsqueeze(0), p["readout.weights"]);
  const torch::Tensor expected = (torch::elu(read * gain + p["bias"]) + 1) * encoder->response_scale();
  const torch::Tensor found = encoder->Denoised(Images());
  // float32; standardizing the mean leaves 1e-6 of a deviation
  EXPECT_TRUE(torch::allclose(found, expected, 1e-4, 1e-5));
  // Denoised responses know nothing of the trial; the others do.
  const torch::Tensor moving = encoder->Respond(features, conditions) * encoder->response_scale();
  EXPECT_FALSE(torch::allclose(moving, found, 0.01, 0.01));
}

TEST(Encoder, WithoutPupilAndBehaviorThereIsNoShifterAndNoModulator) {
  torch::NoGradGuard no_grad;
  EncoderOptions options = Small();
  options.shifter = options.modulator = false;
  Encoder encoder(options, 0);
  for (const auto& entry : encoder->named_parameters())
    EXPECT_FALSE(entry.key().starts_with("shifter") || entry.key().starts_with("modulator")) << entry.key();
  encoder->SetScales(Images(), Responses(), {});
  encoder->eval();
  const torch::Tensor found = encoder->Respond(encoder->Features(Images()), {});
  const auto p = encoder->named_parameters();
  const torch::Tensor read =
      ReadPoints(encoder->Features(Images()), p["readout.positions"].unsqueeze(0), p["readout.weights"]);
  EXPECT_TRUE(torch::allclose(found, torch::elu(read + p["bias"]) + 1, 1e-5, 1e-6));
  EXPECT_TRUE(encoder->Denoised(Images()).equal(found * encoder->response_scale()));
}

TEST(Encoder, OptionsAreChecked) {
  const auto message = [](auto change) {
    EncoderOptions options = Small();
    change(options);
    return MessageOf([&] { options.Check(); });
  };
  EXPECT_EQ(message([](EncoderOptions&) {}), "no error");
  EXPECT_THAT(message([](EncoderOptions& o) { o.channels = 0; }), HasSubstr("--channels"));
  EXPECT_THAT(message([](EncoderOptions& o) { o.layers = 33; }), HasSubstr("--layers"));
  EXPECT_THAT(message([](EncoderOptions& o) { o.input_kernel = 4; }), HasSubstr("--input-kernel"));
  EXPECT_THAT(message([](EncoderOptions& o) { o.hidden_kernel = -3; }), HasSubstr("--hidden-kernel"));
  EXPECT_THAT(message([](EncoderOptions& o) { o.scales = 0; }), HasSubstr("--scales"));
  EXPECT_THAT(message([](EncoderOptions& o) { o.scales = 4; }), HasSubstr("--scales"));  // 6 >> 3 is nothing
  EXPECT_EQ(message([](EncoderOptions& o) { o.scales = 3; }), "no error");
  EXPECT_THAT(message([](EncoderOptions& o) { o.neurons = 0; }), HasSubstr("neurons"));
  EXPECT_THAT(message([](EncoderOptions& o) { o.height = 0; }), HasSubstr("size of the images"));
}

}  // namespace murine::encoder_test
