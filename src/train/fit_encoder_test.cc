// SPDX-License-Identifier: Apache-2.0
#include "train/fit_encoder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <thread>

#include "base/interrupt.h"
#include "data/simulate.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "io/safetensors.h"
#include "io/temporary_folder.h"
#include "nn/encoding_model.h"
#include "train/fit_data.h"
#include "train/fit_loop.h"
#include "train/held_out.h"

namespace murine::fit_encoder_test {

using testing::HasSubstr;

// A recording of the simulated mouse that is small, and reliable enough to be learned.
FitOptions Small(const std::filesystem::path& folder) {
  const std::filesystem::path recording = folder / "scan.h5";
  if (!std::filesystem::exists(recording))
    WriteRecording(recording,
                   Simulate({.stimuli = "dead-leaves:650x16x24",
                             .neurons = 12,
                             .images = 640,
                             .oracle_images = 10,
                             .repeats = 4,
                             .seed = 3}),
                   "{}");
  FitOptions options;
  options.recordings = {recording};
  options.channels = 4;
  options.layers = 2;
  options.input_kernel = 7;
  options.hidden_kernel = 3;
  options.stride = 1;
  options.sparsity = 1;
  options.lr = 0.01;
  options.batch = 32;
  options.max_epochs = 10;
  options.patience = 2;
  options.decays = 1;
  options.seed = 1;
  return options;
}

std::string Metrics(const std::filesystem::path& out) { return out.string() + ".metrics.jsonl"; }
std::string Neurons(const std::filesystem::path& out) { return out.string() + ".neurons.csv"; }
std::string Figures(const std::filesystem::path& out) { return out.string() + ".figures.json"; }
std::string Fields(const std::filesystem::path& out) { return out.string() + ".fields.png"; }
std::string State(const std::filesystem::path& out) { return out.string() + ".state"; }

int64_t Lines(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return 0;
  const std::string text = ReadFile(path);
  return std::count(text.begin(), text.end(), '\n');
}

double Start(const FitOptions& options) {
  const FitData data = LoadFitData(options.recordings[0]);
  EncoderOptions architecture{.channels = options.channels,
                              .layers = options.layers,
                              .input_kernel = options.input_kernel,
                              .hidden_kernel = options.hidden_kernel,
                              .stride = options.stride,
                              .height = data.recording.images.height,
                              .width = data.recording.images.width,
                              .neurons = data.recording.neurons()};
  Encoder encoder(architecture, options.seed);
  encoder->SetScales(data.Images(data.train), data.Responses(data.train), data.Behavior(data.train));
  encoder->PlaceReadout(ReceptiveFieldCentres(data));
  return Mean(CorrelationOverTrials(data.recording, PredictTrials(encoder, data, data.validation)));
}

TEST(FitEncoder, LearnsAndGivesTheSameBytesTwice) {
  const TemporaryFolder folder;
  const FitOptions options = Small(folder.path());
  const std::filesystem::path out = folder / "mouse.safetensors", again = folder / "again.safetensors";
  const Json result = FitEncoder(options, out);
  const auto score = [&](const char* key) { return result.at(key).get<double>(); };
  // 640 noisy trials teach little, but clearly more than nothing.
  EXPECT_GT(score("validation_correlation"), Start(options) + 0.05);
  EXPECT_GT(score("validation_correlation"), 0.1);
  EXPECT_GT(score("truth_correlation_reliable"), 0.2);
  EXPECT_EQ(Lines(Metrics(out)), score("epochs"));
  EXPECT_EQ(Lines(Neurons(out)), 1 + 12);
  EXPECT_FALSE(std::filesystem::exists(State(out)));

  // The stored model is that of the best epoch, and its denoiser is ready.
  double best = -1;
  for (const Json& line : ReadJsonLines(Metrics(out)))
    best = std::max(best, line.at("validation_correlation").get<double>());
  EXPECT_NEAR(score("validation_correlation"), best, 1e-5);
  const Denoiser denoiser = LoadDenoiser(out);
  EXPECT_EQ(denoiser.scans.at(0).neurons, 12);
  EXPECT_EQ(denoiser.scans[0].name, "scan");
  EXPECT_TRUE(denoiser.scans[0].repeated);

  FitEncoder(options, again);
  EXPECT_EQ(ReadFile(out), ReadFile(again));
  EXPECT_EQ(ReadFile(Neurons(out)), ReadFile(Neurons(again)));
  EXPECT_EQ(ReadFile(Fields(out)), ReadFile(Fields(again)));
  EXPECT_EQ(ReadFile(Figures(out)), ReadFile(Figures(again)));
  const Json figures = ReadJson(Figures(out));
  EXPECT_EQ(figures["scores"], result);
  EXPECT_EQ(figures["recordings"][0]["neurons"][0]["responses"]["repeats"], Json(std::vector<int>(10, 4)));
  FitOptions other = options;
  other.seed = 2;
  other.max_epochs = 1;
  FitEncoder(other, folder / "other.safetensors");
  EXPECT_NE(ReadSafeTensors(folder / "other.safetensors").tensors["core.conv0.weight"].bytes,
            ReadSafeTensors(out).tensors["core.conv0.weight"].bytes);
}

TEST(FitEncoder, AFinishedFitGivesItsResultAndAnotherConfigurationIsRefused) {
  const TemporaryFolder folder;
  FitOptions options = Small(folder.path());
  options.max_epochs = 1;
  const std::filesystem::path out = folder / "mouse.safetensors";
  const Json result = FitEncoder(options, out);
  const std::string bytes = ReadFile(out), course = ReadFile(Metrics(out));
  // With what a process left that was killed at its very end; the log of its epochs stays.
  WriteFileAtomically(out.string() + ".state", "");
  EXPECT_EQ(FitEncoder(options, out), result);
  EXPECT_FALSE(std::filesystem::exists(out.string() + ".state"));
  // The recording counts, not its name.
  std::filesystem::copy_file(options.recordings[0], folder / "copy.h5");
  FitOptions copy = options;
  copy.recordings = {folder / "copy.h5"};
  EXPECT_EQ(FitEncoder(copy, out), result);

  const auto refused = [&](auto change) {
    FitOptions other = options;
    change(other);
    return MessageOf([&] { FitEncoder(other, out); });
  };
  const auto kRefused = HasSubstr("another configuration");
  EXPECT_THAT(refused([](FitOptions& o) { o.channels = 5; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.layers = 3; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.input_kernel = 5; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.hidden_kernel = 5; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.laplace = 9; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.sparsity = 2; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.lr = 0.02; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.batch = 33; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.max_epochs = 2; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.patience = 3; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.decays = 2; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.folds = 2; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.loss = LossKind::kAnscombe; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.readout = ReadoutKind::kIsotropic; }), kRefused);
  EXPECT_THAT(refused([](FitOptions& o) { o.seed = 2; }), kRefused);
  Recording recording = ReadRecording(options.recordings[0]);
  recording.responses.values[5] += 1;
  WriteRecording(options.recordings[0], recording, "{}");
  EXPECT_THAT(refused([](FitOptions&) {}), HasSubstr("recording_hash"));
  EXPECT_EQ(ReadFile(out), bytes);
  EXPECT_EQ(ReadFile(Metrics(out)), course);
}

// Another scan of another brain, of other trials and neurons.
std::filesystem::path SecondScan(const std::filesystem::path& folder) {
  const std::filesystem::path recording = folder / "second.h5";
  WriteRecording(recording,
                 Simulate({.stimuli = "dead-leaves:350x16x24",
                           .neurons = 7,
                           .images = 340,
                           .oracle_images = 10,
                           .repeats = 3,
                           .seed = 4}),
                 "{}");
  return recording;
}

// Every choice that there is, two recordings and one core.
TEST(FitEncoder, SeveralRecordingsShareACore) {
  const TemporaryFolder folder;
  FitOptions options = Small(folder.path());
  options.recordings.push_back(SecondScan(folder.path()));
  options.core = CoreKind::kStacked;
  options.readout = ReadoutKind::kGaussian;
  options.places = PlaceKind::kCortex;
  options.scales = 2;
  options.max_epochs = 5;
  const std::filesystem::path out = folder / "both.safetensors";
  const Json result = FitEncoder(options, out);
  ASSERT_EQ(result.at("per_recording").size(), 2u);
  EXPECT_EQ(result.at("neurons"), 19);
  const Json &first = result.at("per_recording")[0], &second = result.at("per_recording")[1];
  EXPECT_EQ(first.at("name"), "scan");
  EXPECT_EQ(second.at("name"), "second");
  // Means over all neurons.
  for (const char* key : {"single_trial_correlation", "ridge_correlation", "linear_correlation"})
    EXPECT_NEAR(result.at(key).get<double>(),
                (12 * first.at(key).get<double>() + 7 * second.at(key).get<double>()) / 19, 1e-9)
        << key;
  EXPECT_GT(result.at("validation_correlation"), 0.03);

  const SafeTensors stored = ReadSafeTensors(out);
  EXPECT_TRUE(stored.tensors.contains("core.spatial1.weight"));
  EXPECT_FALSE(stored.tensors.contains("scan1.core.spatial1.weight"));
  EXPECT_EQ(stored.tensors.at("scan1.readout.weights").shape, (std::vector<int64_t>{7, 2 * 4}));
  EXPECT_EQ(Lines(out.string() + ".scan0.neurons.csv"), 1 + 12);
  EXPECT_EQ(Lines(out.string() + ".scan1.neurons.csv"), 1 + 7);
  const Denoiser denoiser = LoadDenoiser(out);
  ASSERT_EQ(denoiser.scans.size(), 2u);
  EXPECT_EQ(denoiser.scans[1].name, "second");
  EXPECT_EQ(denoiser.scans[1].neurons, 7);
  EXPECT_TRUE(denoiser.scans[1].repeated);
  const FitData data = LoadFitData(options.recordings[1]);
  const torch::Tensor responses = denoiser.scans[1].respond(data.images.slice(0, 0, 6));
  EXPECT_EQ(responses.sizes(), (std::vector<int64_t>{6, 7}));
  EXPECT_GT(responses.std(0).max().item<double>(), 0);

  std::swap(options.recordings[0], options.recordings[1]);
  EXPECT_THAT(MessageOf([&] { FitEncoder(options, out); }), HasSubstr("another configuration"));
}

TEST(FitEncoder, FoldsScoreEveryTrialAndGoOnWhereTheyStopped) {
  const TemporaryFolder folder;
  FitOptions options = Small(folder.path());
  options.recordings = {SecondScan(folder.path())};
  options.max_epochs = 2;
  options.folds = 3;
  const std::filesystem::path out = folder / "folds.safetensors";
  const Json result = FitEncoder(options, out);
  EXPECT_EQ(result.at("held_out"), "folds");
  EXPECT_TRUE(result.at("correlation_to_average").is_number());
  EXPECT_TRUE(result.at("truth_correlation").is_number());
  for (int64_t fold = 0; fold < 3; ++fold) {
    EXPECT_FALSE(std::filesystem::exists(fmt::format("{}.fold{}", out.string(), fold)));
    EXPECT_EQ(Lines(fmt::format("{}.fold{}.metrics.jsonl", out.string(), fold)), 2);
  }
  // The same model as without folds; other scores.
  FitOptions plain = options;
  plain.folds = 0;
  const Json other = FitEncoder(plain, folder / "plain.safetensors");
  EXPECT_EQ(ReadSafeTensors(out).tensors["core.conv0.weight"].bytes,
            ReadSafeTensors(folder / "plain.safetensors").tensors["core.conv0.weight"].bytes);
  EXPECT_EQ(result.at("validation_correlation"), other.at("validation_correlation"));
  EXPECT_NE(result.at("single_trial_correlation"), other.at("single_trial_correlation"));

  // Fold 1 is done already, by a fit that was interrupted; what its file says is taken.
  std::vector<FitData> data = LoadFitData(options.recordings);
  SplitByFold(data, 3, 1, options.seed);
  HeldOut known;
  known.trials = data[0].test;
  known.images = ImagesShown(data[0].recording, known.trials);
  const int64_t trials = std::ssize(known.trials), images = std::ssize(known.images);
  for (auto* array : {&known.encoder, &known.ridge, &known.linear}) {
    array->shape = {trials, 7};
    for (const int64_t trial : known.trials) {
      const auto recorded = data[0].recording.response(trial);
      array->values.insert(array->values.end(), recorded.begin(), recorded.end());
    }
  }
  known.denoised = {{images, 7}, std::vector<float>(static_cast<size_t>(images * 7), 1)};
  const std::filesystem::path again = folder / "again.safetensors";
  Json identity = OptionsToJson(options);
  identity.erase("recording");
  identity["recording_hash"] = data[0].hash;
  WriteHeldOut(again.string() + ".fold1", {known}, identity);
  const Json better = FitEncoder(options, again);
  EXPECT_GT(better.at("single_trial_correlation").get<double>(),
            result.at("single_trial_correlation").get<double>() + 0.2);
  EXPECT_FALSE(std::filesystem::exists(again.string() + ".fold1.metrics.jsonl"));
}

// Without repeats, behaviour and test trials: every score that there can be, and nulls.
TEST(FitEncoder, FitsABareRecording) {
  const TemporaryFolder folder;
  FitOptions options = Small(folder.path());
  Recording recording = ReadRecording(options.recordings[0]);
  recording.behavior = recording.pupil_center = recording.truth = {};
  recording.truth_units.clear();
  const int64_t shown = recording.images.count();
  for (int64_t t = 0; t < recording.trials(); ++t) {  // every trial an image of its own
    const auto first = recording.images.bytes.begin() + recording.trial_image[t] * 16 * 24;
    const std::vector<uint8_t> image(first, first + 16 * 24);
    recording.images.bytes.insert(recording.images.bytes.end(), image.begin(), image.end());
  }
  recording.images.bytes.erase(recording.images.bytes.begin(),
                               recording.images.bytes.begin() + shown * 16 * 24);
  recording.image_ids.clear();
  for (int64_t t = 0; t < recording.trials(); ++t) {
    recording.trial_image[t] = t;
    recording.image_ids.push_back(t);
    if (recording.tiers[t] == Tier::kTest) recording.tiers[t] = Tier::kTrain;
  }
  WriteRecording(folder / "bare.h5", recording, "{}");
  options.recordings = {folder / "bare.h5"};
  options.max_epochs = 2;
  const Json result = FitEncoder(options, folder / "bare.safetensors");
  EXPECT_EQ(result["held_out"], "validation");
  EXPECT_EQ(result["repeated"], false);
  EXPECT_TRUE(result["fraction_oracle"].is_null());
  EXPECT_TRUE(result["correlation_to_average"].is_null());
  EXPECT_TRUE(result["single_trial_correlation"].is_number());
  const Denoiser denoiser = LoadDenoiser(folder / "bare.safetensors");
  EXPECT_FALSE(denoiser.scans[0].repeated);
  EXPECT_EQ(denoiser.scans[0].w, std::vector<double>(12, 1));
}

// A truth that does not depend on the image has no similarities; the fit still comes to its end.
TEST(FitEncoder, FiguresThatCannotBeHadAreNull) {
  const TemporaryFolder folder;
  FitOptions options = Small(folder.path());
  Recording recording = ReadRecording(options.recordings[0]);
  for (float& value : recording.truth.values) value = 1;
  WriteRecording(options.recordings[0], recording, "{}");
  options.max_epochs = 1;
  const Json result = FitEncoder(options, folder / "mouse.safetensors");
  EXPECT_TRUE(result.at("similarity_truth_model").is_null());
  EXPECT_EQ(result.at("truth_correlation"), 0);
}

TEST(FitEncoder, RefusesImpossibleOptions) {
  const TemporaryFolder folder;
  const auto message = [&](auto change) {
    FitOptions options;
    options.recordings = {folder / "none.h5"};
    change(options);
    return MessageOf([&] { FitEncoder(options, folder / "mouse.safetensors"); });
  };
  EXPECT_THAT(message([](FitOptions& o) { o.lr = 0; }), HasSubstr("--lr"));
  EXPECT_THAT(message([](FitOptions& o) { o.lr = NAN; }), HasSubstr("--lr"));
  EXPECT_THAT(message([](FitOptions& o) { o.batch = 1; }), HasSubstr("--batch"));
  EXPECT_THAT(message([](FitOptions& o) { o.max_epochs = 0; }), HasSubstr("--max-epochs"));
  EXPECT_THAT(message([](FitOptions& o) { o.patience = 0; }), HasSubstr("--patience"));
  EXPECT_THAT(message([](FitOptions& o) { o.sparsity = -1; }), HasSubstr("--sparsity"));
  EXPECT_THAT(message([](FitOptions& o) { o.folds = 1; }), HasSubstr("--folds"));
  EXPECT_THAT(message([](FitOptions& o) { o.recordings.clear(); }), HasSubstr("recordings"));
  EXPECT_THAT(message([](FitOptions&) {}), HasSubstr("none.h5"));
  EXPECT_EQ(folder.Names().size(), 0u);
}

// In a process of its own, for an interrupt cannot be taken back: stops as soon as three epochs are over.
[[noreturn]] void FitInterrupted(const FitOptions& options, const std::filesystem::path& out) {
  CatchInterrupts();
  std::thread([&] {
    while (Lines(Metrics(out)) < 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::raise(SIGTERM);
  }).detach();
  try {
    FitEncoder(options, out);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    std::_Exit(error.kind() == ErrorKind::kInterrupted ? 130 : 1);
  }
  std::_Exit(0);
}

TEST(FitEncoderDeathTest, GoesOnAfterAnInterruptToTheSameBytes) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // the other process starts anew and runs up to EXPECT_EXIT
  constexpr const char* kFolder = "MURINE_FIT_TEST_FOLDER";
  std::optional<TemporaryFolder> own;
  if (getenv(kFolder) == nullptr) setenv(kFolder, own.emplace().path().c_str(), 1);
  const std::filesystem::path folder = getenv(kFolder);
  const FitOptions options = Small(folder);
  const std::filesystem::path out = folder / "broken.safetensors", whole = folder / "whole.safetensors";
  EXPECT_EXIT(FitInterrupted(options, out), testing::ExitedWithCode(130), "the state after epoch . is saved");
  unsetenv(kFolder);
  ASSERT_FALSE(std::filesystem::exists(out));
  ASSERT_TRUE(std::filesystem::exists(State(out)));
  const int64_t epochs = Lines(Metrics(out));
  ASSERT_GE(epochs, 3);
  ASSERT_LT(epochs, options.max_epochs);

  FitOptions other = options;
  other.lr = 0.02;
  const std::string state = ReadFile(State(out));
  EXPECT_THAT(MessageOf([&] { FitEncoder(other, out); }), HasSubstr("another configuration"));
  EXPECT_EQ(ReadFile(State(out)), state);

  // A fit that is killed after it has written its line, before its state, leaves a line too many.
  AppendJsonLine(Metrics(out), {{"epoch", epochs}, {"validation_correlation", 2}});
  const Json result = FitEncoder(options, out);
  EXPECT_EQ(result, FitEncoder(options, whole));
  EXPECT_EQ(ReadFile(out), ReadFile(whole));
  EXPECT_EQ(ReadFile(Neurons(out)), ReadFile(Neurons(whole)));
  const auto course = ReadJsonLines(Metrics(out)), expected = ReadJsonLines(Metrics(whole));
  ASSERT_EQ(course.size(), expected.size());
  for (size_t i = 0; i < course.size(); ++i)
    for (const char* key : {"epoch", "lr", "loss", "validation_correlation"})
      EXPECT_EQ(course[i].at(key), expected[i].at(key)) << i << " " << key;
}

}  // namespace murine::fit_encoder_test
