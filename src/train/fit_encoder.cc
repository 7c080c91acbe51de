// SPDX-License-Identifier: Apache-2.0
#include "train/fit_encoder.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/random.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "nn/tensor.h"
#include "train/fit_data.h"
#include "train/fit_loss.h"
#include "train/fit_result.h"
#include "train/fit_state.h"

namespace murine {
namespace {

constexpr double kDecay = 0.3;       // of the learning rate
constexpr double kLeastGain = 1e-6;  // in validation correlation that counts as better

Json Identity(const FitOptions& options, const FitData& data) {
  Json identity = OptionsToJson(options);
  identity.erase("recording");
  identity["recording_hash"] = data.hash;
  return identity;
}

EncoderOptions Architecture(const FitOptions& options, const Recording& recording) {
  EncoderOptions architecture;
  architecture.channels = options.channels;
  architecture.layers = options.layers;
  architecture.input_kernel = options.input_kernel;
  architecture.hidden_kernel = options.hidden_kernel;
  architecture.stride = options.stride;
  architecture.height = recording.images.height;
  architecture.width = recording.images.width;
  architecture.neurons = recording.neurons();
  architecture.shifter = recording.has_pupil();
  architecture.modulator = recording.has_behavior();
  return architecture;
}

class Fit {
 public:
  Fit(const FitOptions& options, const FitData& data, FitState& state, const Json& identity,
      std::filesystem::path saved, std::filesystem::path metrics)
      : options_(options),
        data_(data),
        state_(state),
        identity_(identity),
        saved_(std::move(saved)),
        metrics_(std::move(metrics)),
        progress_("fit", options.max_epochs, "epochs", state.epoch) {}

  // Plateau decay: when the validation correlation stands still, back to the best weights with a smaller
  // rate.
  void Run() {
    while (state_.epoch < options_.max_epochs && state_.decays <= options_.decays) {
      const auto start = std::chrono::steady_clock::now();
      const double lr = options_.lr * std::pow(kDecay, static_cast<double>(state_.decays));
      const double loss = TrainEpoch(lr);
      const double correlation = ValidationCorrelation();
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      AppendJsonLine(metrics_, {{"epoch", state_.epoch},
                                {"lr", lr},
                                {"loss", loss},
                                {"validation_correlation", correlation},
                                {"seconds", seconds}});
      if (correlation > state_.best + kLeastGain) {
        state_.KeepAsBest(correlation);
        state_.without_gain = 0;
      } else if (++state_.without_gain >= options_.patience) {
        state_.RestoreBest();
        state_.without_gain = 0;
        ++state_.decays;
      }
      ++state_.epoch;
      WriteFitState(saved_, state_, identity_);
      progress_.Update(state_.epoch, fmt::format("loss {:.4f}  validation correlation {:.4f}  best {:.4f}",
                                                 loss, correlation, state_.best));
    }
    state_.RestoreBest();
    state_.encoder->eval();
  }

 private:
  // Returns the mean Poisson loss of a trial and neuron.
  double TrainEpoch(double lr) {
    state_.encoder->train();
    std::vector<int64_t> order = data_.train;
    RandomStream(options_.seed, "fit/order", static_cast<uint64_t>(state_.epoch)).Shuffle(std::span(order));
    double sum = 0;
    for (size_t first = 0; first < order.size(); first += options_.batch) {
      if (InterruptRequested())
        ThrowInterrupted(state_.epoch == 0
                             ? "nothing: the first epoch was not over"
                             : fmt::format("the state after epoch {} is saved", state_.epoch - 1));
      const auto batch =
          std::span(order).subspan(first, std::min<size_t>(options_.batch, order.size() - first));
      const torch::Tensor recorded = data_.Responses(batch) / state_.encoder->response_scale();
      const torch::Tensor predicted =
          state_.encoder->Respond(state_.encoder->Features(data_.Images(batch)), data_.Behavior(batch));
      const torch::Tensor loss = PoissonLoss(predicted, recorded);
      const double value = loss.item<double>();
      if (!std::isfinite(value))
        throw Error({.what = "the loss is not finite",
                     .where = fmt::format("epoch {}, trial {} of {}", state_.epoch, first, order.size()),
                     .got = fmt::format("{}", value),
                     .hint = "a lower --lr; the last saved state is kept"});
      sum += value;
      state_.adam.ZeroGradients();
      PenalizedLoss(loss, state_.encoder, options_, static_cast<int64_t>(order.size()),
                    static_cast<int64_t>(batch.size()))
          .backward();
      state_.adam.Step(lr);
    }
    return sum / static_cast<double>(order.size()) / static_cast<double>(data_.recording.neurons());
  }

  double ValidationCorrelation() {
    return Mean(
        CorrelationOverTrials(data_.recording, PredictTrials(state_.encoder, data_, data_.validation)));
  }

  const FitOptions& options_;
  const FitData& data_;
  FitState& state_;
  const Json& identity_;
  std::filesystem::path saved_, metrics_;
  Progress progress_;
};

}  // namespace

void FitOptions::Check() const {
  const auto require = [](bool good, const char* what, const char* expected, auto got) {
    if (!good)
      throw Error(
          {.what = what, .expected = expected, .got = fmt::format("{}", got), .kind = ErrorKind::kUsage});
  };
  require(lr > 0, "--lr", "above 0", lr);
  require(batch >= 2, "--batch", "at least 2", batch);
  require(max_epochs >= 1, "--max-epochs", "at least 1", max_epochs);
  require(patience >= 1, "--patience", "at least 1", patience);
  require(decays >= 0, "--decays", "0 or more", decays);
  require(laplace >= 0, "--laplace", "0 or more", laplace);
  require(sparsity >= 0, "--sparsity", "0 or more", sparsity);
}

Json FitEncoder(const FitOptions& options, const std::filesystem::path& out) {
  options.Check();
  const FitData data = LoadFitData(options.recording);
  const Json identity = Identity(options, data);
  if (std::filesystem::exists(out)) return StoredFitResult(out, identity);

  const std::filesystem::path saved = out.string() + ".state", metrics = out.string() + ".metrics.jsonl";
  FitState state(Architecture(options, data.recording), options.seed);
  state.encoder->SetScales(data.Images(data.train), data.Responses(data.train), data.Behavior(data.train));
  state.encoder->PlaceReadout(ReceptiveFieldCentres(data));
  if (std::filesystem::exists(saved)) ReadFitState(saved, state, identity);
  DropEpochsFrom(metrics, state.epoch);
  Fit(options, data, state, identity, saved, metrics).Run();
  const Json result = WriteFitResult(out, state, data, identity);
  std::filesystem::remove(saved);
  return result;
}

}  // namespace murine
