// SPDX-License-Identifier: Apache-2.0
#include "train/fit_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/random.h"
#include "io/json_lines.h"
#include "nn/tensor.h"
#include "train/fit_loss.h"
#include "train/place_noise.h"

namespace murine {
namespace {

constexpr double kDecay = 0.3;       // of the learning rate
constexpr double kLeastGain = 1e-6;  // in validation correlation that counts as better

template <class Predictor>
NdArray<float> InBatches(std::span<const int64_t> index, int64_t neurons, Predictor&& predict) {
  constexpr size_t kBatch = 128;
  torch::NoGradGuard no_grad;
  NdArray<float> rows{{static_cast<int64_t>(index.size()), neurons}, {}};
  for (size_t first = 0; first < index.size(); first += kBatch) {
    const NdArray<float> part =
        ToNdArray(predict(index.subspan(first, std::min(kBatch, index.size() - first))));
    rows.values.insert(rows.values.end(), part.values.begin(), part.values.end());
  }
  return rows;
}

class Fit {
 public:
  Fit(const FitOptions& options, const std::vector<FitData>& data, FitState& state, const FitPlace& place)
      : options_(options),
        data_(data),
        state_(state),
        place_(place),
        progress_(place.what, options.max_epochs, "epochs", state.epoch) {
    for (const FitData& each : data_)
      steps_ = std::max(steps_, (std::ssize(each.train) + options_.batch - 1) / options_.batch);
  }

  void Run() {
    while (state_.epoch < options_.max_epochs && state_.decays <= options_.decays) {
      const auto start = std::chrono::steady_clock::now();
      const double lr = options_.lr * std::pow(kDecay, static_cast<double>(state_.decays));
      const double loss = TrainEpoch(lr);
      const double correlation = ValidationCorrelation();
      if (!std::isfinite(correlation)) ThrowNotFinite("the validation correlation", correlation, steps_);
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      AppendJsonLine(place_.metrics, {{"epoch", state_.epoch},
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
      WriteFitState(place_.state, state_, place_.identity);
      progress_.Update(state_.epoch, fmt::format("loss {:.4f}  validation correlation {:.4f}  best {:.4f}",
                                                 loss, correlation, state_.best));
    }
    state_.RestoreBest();
    for (Encoder& encoder : state_.encoders) encoder->eval();
  }

 private:
  // Returns the mean loss of a trial and neuron.
  double TrainEpoch(double lr) {
    std::vector<std::vector<int64_t>> orders;
    for (size_t k = 0; k < data_.size(); ++k) {
      state_.encoders[k]->train();
      orders.push_back(data_[k].train);
      RandomStream(options_.seed, "fit/order", static_cast<uint64_t>(state_.epoch), k)
          .Shuffle(std::span(orders[k]));
    }
    double sum = 0, count = 0;
    for (int64_t step = 0; step < steps_; ++step) {
      if (InterruptRequested())
        ThrowInterrupted(state_.epoch == 0
                             ? "nothing: the first epoch was not over"
                             : fmt::format("the state after epoch {} is saved", state_.epoch - 1));
      state_.adam.ZeroGradients();
      for (size_t k = 0; k < data_.size(); ++k) {
        const std::vector<int64_t> batch = Batch(orders[k], step);
        sum += AddGradients(k, step, batch);
        count += static_cast<double>(std::ssize(batch) * data_[k].recording.neurons());
      }
      if (!state_.adam.Step(lr)) ThrowNotFinite("a gradient or weight", NAN, step);
    }
    return sum / count;
  }

  // The longest order's last batch is what is left of it; shorter ones go round.
  std::vector<int64_t> Batch(const std::vector<int64_t>& order, int64_t step) const {
    const bool longest = std::ssize(order) > (steps_ - 1) * options_.batch;
    const int64_t first = step * options_.batch,
                  end =
                      longest ? std::min(first + options_.batch, std::ssize(order)) : first + options_.batch;
    std::vector<int64_t> batch;
    for (int64_t i = first; i < end; ++i) batch.push_back(order[i % std::ssize(order)]);
    return batch;
  }

  // One recording's part in a step; returns its loss without penalties.
  double AddGradients(size_t k, int64_t step, std::span<const int64_t> batch) {
    Encoder& encoder = state_.encoders[k];
    const FitData& data = data_[k];
    const torch::Tensor recorded = data.Responses(batch) / encoder->response_scale();
    Conditions conditions = data.Behavior(batch);
    if (encoder->draws_places())
      conditions.place_noise = PlaceNoise(std::ssize(batch), data.recording.neurons(), options_.seed,
                                          static_cast<uint64_t>(state_.epoch * steps_ + step),
                                          k * static_cast<size_t>(options_.batch));
    const torch::Tensor loss = ResponseLoss(
        options_.loss, encoder->Respond(encoder->Features(data.Images(batch)), conditions), recorded);
    const double value = loss.item<double>();
    if (!std::isfinite(value)) ThrowNotFinite("the loss of " + data.recording.name, value, step);
    PenalizedLoss(loss, encoder, options_, std::ssize(data.train), std::ssize(batch)).backward();
    return value;
  }

  // Recordings are checked when they are read: what is left is the learning rate.
  [[noreturn]] void ThrowNotFinite(const std::string& what, double value, int64_t step) const {
    const bool saved = std::filesystem::exists(place_.state);
    throw Error({.what = fmt::format("fitting stops, for {} is not finite", what),
                 .where = fmt::format("{}, epoch {}, step {} of {}", place_.what, state_.epoch, step, steps_),
                 .expected = "a finite number",
                 .got = fmt::format("{}", value),
                 .hint = fmt::format("likely cause: the learning rate is too high: a lower --lr; {}",
                                     saved ? fmt::format("the state after epoch {} is kept", state_.epoch - 1)
                                           : "nothing was saved yet")});
  }

  double ValidationCorrelation() {
    std::vector<double> all;
    for (size_t k = 0; k < data_.size(); ++k) {
      const auto of_neurons = CorrelationOverTrials(
          data_[k].recording, PredictTrials(state_.encoders[k], data_[k], data_[k].validation));
      all.insert(all.end(), of_neurons.begin(), of_neurons.end());
    }
    return Mean(all);
  }

  const FitOptions& options_;
  const std::vector<FitData>& data_;
  FitState& state_;
  const FitPlace& place_;
  int64_t steps_ = 0;  // of an epoch
  Progress progress_;
};

}  // namespace

void RunFit(const FitOptions& options, const std::vector<FitData>& data, FitState& state,
            const FitPlace& place) {
  Fit(options, data, state, place).Run();
}

TrialPredictions PredictTrials(Encoder& encoder, const FitData& data, std::span<const int64_t> trials) {
  encoder->eval();
  TrialPredictions predictions{{trials.begin(), trials.end()}, {}};
  predictions.predicted = InBatches(trials, data.recording.neurons(), [&](std::span<const int64_t> part) {
    return encoder->Respond(encoder->Features(data.Images(part)), data.Behavior(part)) *
           encoder->response_scale();
  });
  return predictions;
}

NdArray<float> Denoise(Encoder& encoder, const FitData& data, std::span<const int64_t> images) {
  encoder->eval();
  return InBatches(images, data.recording.neurons(), [&](std::span<const int64_t> part) {
    return encoder->Denoised(data.images.index_select(0, ToTensor(part)));
  });
}

}  // namespace murine
