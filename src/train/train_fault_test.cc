// SPDX-License-Identifier: Apache-2.0
// Trainings and fits whose numbers run away, or that no memory holds.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "base/memory_need.h"
#include "base/random.h"
#include "data/simulate.h"
#include "io/file.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "io/temporary_folder.h"
#include "train/adam.h"
#include "train/fit_data.h"
#include "train/fit_loop.h"
#include "train/joint_loss.h"
#include "train/sgd.h"
#include "train/train_classifier.h"

namespace murine::train_fault_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// 80 images of two classes that differ in their mean, 12 x 12.
TrainOptions TwoClasses(const TemporaryFolder& folder) {
  RandomStream stream(3, "images");
  std::vector<float> pixels;
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < 80; ++i) {
    labels.push_back(i % 2);
    for (int k = 0; k < 144; ++k)
      pixels.push_back(static_cast<float>(stream.Uniform() * 0.5) + static_cast<float>(i % 2) * 0.5f);
  }
  WriteNpy<float>(folder / "images.npy", {80, 12, 12}, pixels);
  WriteNpy<int64_t>(folder / "labels.npy", {80}, labels);
  TrainOptions options;
  options.data = "npy:" + (folder / "images.npy").string() + "," + (folder / "labels.npy").string();
  options.width = 2;
  options.batch = 16;
  options.epochs = 6;
  options.augment = "none";
  options.validation_noise = "";
  options.checkpoint_seconds = -1;  // a state is saved after every step
  return options;
}

bool AllFinite(const SafeTensors& file) {
  for (const auto& [name, tensor] : file.tensors) {
    if (tensor.dtype != "F32") continue;
    for (const float value : file.Floats(name, "state").values)
      if (!std::isfinite(value)) return false;
  }
  return true;
}

TEST(TrainFault, AnInfiniteLearningRateStopsAtOnceAndKeepsTheLastGoodState) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    const TemporaryFolder folder;
    TrainOptions options = TwoClasses(folder);
    options.precision = precision;
    options.width = 8;  // what bf16 needs
    options.lr = 1e20;
    const std::string message = MessageOf([&] { TrainClassifier(options, folder / "run"); });
    if (precision == Precision::kBf16 && message.find("--precision bf16") != std::string::npos)
      continue;  // no such CPU
    EXPECT_THAT(message, AllOf(HasSubstr("is not finite"), HasSubstr("epoch "), HasSubstr(", step "),
                               HasSubstr("a lower --lr")));
    EXPECT_FALSE(std::filesystem::exists(folder / "run/model.safetensors"));
    if (!std::filesystem::exists(folder / "run/state.safetensors")) {
      EXPECT_THAT(message, HasSubstr("nothing was saved yet"));
      continue;
    }
    EXPECT_THAT(message, HasSubstr("is kept"));
    EXPECT_TRUE(AllFinite(ReadSafeTensors(folder / "run/state.safetensors")));
    // The same command stops at the same place.
    EXPECT_EQ(MessageOf([&] { TrainClassifier(options, folder / "run"); }), message);
  }
}

// After a good epoch the rate runs away: the state of the good epoch stays as it is.
TEST(TrainFault, AFitThatRunsAwayKeepsTheStateOfTheLastGoodEpoch) {
  const TemporaryFolder folder;
  const std::filesystem::path scan = folder / "scan.h5", state_file = folder / "m.state";
  WriteRecording(scan,
                 Simulate({.stimuli = "dead-leaves:90x16x24",
                           .neurons = 6,
                           .images = 80,
                           .oracle_images = 10,
                           .repeats = 2,
                           .seed = 3}),
                 "{}");
  FitOptions options;
  options.recordings = {scan.string()};
  options.channels = 2;
  options.layers = 2;
  options.max_epochs = 1;
  const std::vector<FitData> data = LoadFitData(options.recordings);
  EncoderOptions architecture{.channels = 2,
                              .layers = 2,
                              .input_kernel = options.input_kernel,
                              .hidden_kernel = options.hidden_kernel,
                              .stride = options.stride,
                              .height = 16,
                              .width = 24,
                              .neurons = 6};
  FitState state({architecture}, 0);
  state.encoders[0]->SetScales(data[0].Images(data[0].train), data[0].Responses(data[0].train),
                               data[0].Behavior(data[0].train));
  const FitPlace place{"fit", state_file, folder / "m.metrics.jsonl", {{"test", 1}}};
  RunFit(options, data, state, place);
  const std::string good = ReadFile(state_file);
  options.max_epochs = 50;
  options.lr = 1e30;
  EXPECT_THAT(MessageOf([&] { RunFit(options, data, state, place); }),
              AllOf(HasSubstr("is not finite"), HasSubstr("fit, epoch 1, step "), HasSubstr("a lower --lr"),
                    HasSubstr("the state after epoch 0 is kept")));
  EXPECT_EQ(ReadFile(state_file), good);
}

TEST(TrainFault, AFinishedRunWithoutItsModelSaysHowToGetItBack) {
  const TemporaryFolder folder;
  TrainOptions options = TwoClasses(folder);
  options.epochs = 1;
  const std::filesystem::path run = folder / "run";
  TrainClassifier(options, run);
  const std::string model = ReadFile(run / "model.safetensors");
  std::filesystem::remove(run / "model.safetensors");
  EXPECT_THAT(MessageOf([&] { TrainClassifier(options, run); }),
              AllOf(HasSubstr("no model.safetensors"), HasSubstr("remove results.json")));
  std::filesystem::remove(run / "results.json");
  TrainClassifier(options, run);
  EXPECT_EQ(ReadFile(run / "model.safetensors"), model);
}

TEST(TrainFault, TheOptimizersFindEveryGradientThatIsNotFinite) {
  for (const double fault : {std::numeric_limits<double>::quiet_NaN(), HUGE_VAL, -HUGE_VAL})
    for (const int64_t at : {0, 7, 99999}) {  // large enough for several threads
      const auto spoilt = [&] {
        torch::Tensor p = torch::ones({100000}).requires_grad_(true);
        p.mutable_grad() = torch::ones({100000});
        p.mutable_grad()[at] = fault;
        return p;
      };
      EXPECT_FALSE(Sgd({{{spoilt()}, 0.1}}, 0.9).Step(0.1)) << fault << " at " << at;
      EXPECT_FALSE(Adam({spoilt()}).Step(0.1)) << fault << " at " << at;
    }
  torch::Tensor p = torch::ones({100000}).requires_grad_(true);
  p.mutable_grad() = torch::ones({100000});
  EXPECT_TRUE(Sgd({{{p}, 0.1}}, 0.9).Step(0.1));
  EXPECT_TRUE(Adam({p}).Step(0.1));
}

TEST(TrainFault, NamesTheLikelyCause) {
  const auto message = [](FaultyPart part, const TrainingMoment& moment) {
    return MessageOf([&] { ThrowNotFinite(part, HUGE_VAL, moment); });
  };
  const TrainingMoment plain{.where = "epoch 1, step 2 of 9", .state = "epoch 1, step 0 of 9", .task = 3};
  EXPECT_THAT(message(FaultyPart::kTask, plain),
              AllOf(HasSubstr("the classification loss"), HasSubstr("in epoch 1, step 2 of 9"),
                    HasSubstr("got inf"), HasSubstr("--lr"), Not(HasSubstr("--alpha")),
                    HasSubstr("the state of epoch 1, step 0 of 9 is kept")));
  TrainingMoment heavy = plain;
  heavy.weighted_similarity = 40;
  EXPECT_THAT(message(FaultyPart::kWeights, heavy), HasSubstr("a lower --alpha"));
  EXPECT_THAT(message(FaultyPart::kSimilarity, plain), HasSubstr("--clamp"));
  TrainingMoment bad_data = heavy;
  bad_data.data_finite = false;
  EXPECT_THAT(message(FaultyPart::kTask, bad_data), HasSubstr("the images themselves"));
}

TEST(TrainFault, WhatNoMemoryHoldsIsRefusedBeforeItStarts) {
  const TemporaryFolder folder;
  TrainOptions options = TwoClasses(folder);
  options.depth = 34;
  options.width = 1024;  // 5 billion weights
  if (AvailableMemoryBytes() > int64_t{100} << 30) GTEST_SKIP() << "this machine might hold it";
  EXPECT_THAT(
      MessageOf([&] { TrainClassifier(options, folder / "run"); }),
      AllOf(HasSubstr("not enough memory"), HasSubstr("weights, their gradients"), HasSubstr("--batch")));
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace murine::train_fault_test
