// SPDX-License-Identifier: Apache-2.0
#include "train/train_step.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/interrupt.h"
#include "nn/tensor.h"
#include "train/adversarial.h"
#include "train/joint_loss.h"
#include "train/part_means.h"

namespace murine {
namespace {

// Images first .. first + count - 1 of `batch`, and the stimuli of draw `draw` of this epoch.
StepData DrawStep(const ResNet& network, const TrainingSet& set, const TrainOptions& options,
                  const Batch& batch, int64_t first, int64_t count, int64_t epoch, int64_t draw) {
  const ImageSet& images = set.train;
  const auto part = [&](auto values, int64_t each) {
    return std::span(values).subspan(static_cast<size_t>(first * each), static_cast<size_t>(count * each));
  };
  StepData data;
  data.images = ToTensor(part(std::span<const float>(batch.images), images.image_size()),
                         {count, images.channels, images.height, images.width});
  data.labels = ToTensor(part(std::span<const int64_t>(batch.labels), 1));
  if (const double epsilon = options.adversarial_epsilon(); epsilon > 0)
    data.images = AdversarialImages(
        network, {data.images, data.labels, ToTensor(part(std::span<const int64_t>(batch.index), 1))},
        {.epsilon = epsilon, .steps = options.adversarial_steps, .seed = options.seed, .epoch = epoch});
  if (!options.regularized()) return data;

  PairBatch pairs =
      DrawPairs(options.pairs, set.stimuli.count(), options.pair_images / options.parts, options.seed,
                static_cast<uint64_t>(epoch), static_cast<uint64_t>(draw), set.target.filter());
  data.stimuli = torch::empty({static_cast<int64_t>(pairs.images.size()), set.stimuli.channels,
                               set.stimuli.height, set.stimuli.width});
  for (size_t i = 0; i < pairs.images.size(); ++i)
    set.stimuli.CopyTo(pairs.images[i],
                       Values(data.stimuli).subspan(i * set.stimuli.image_size(), set.stimuli.image_size()));
  std::vector<float> wanted;
  for (const auto& [i, j] : pairs.pairs) wanted.push_back(set.target.at(pairs.images[i], pairs.images[j]));
  data.wanted = ToTensor(wanted, {static_cast<int64_t>(wanted.size())});
  data.pairs = std::move(pairs.pairs);
  return data;
}

// What a part of the step learned from, and what came of it.
struct Learned {
  StepData data;
  PartMeans::Losses losses;
  TrainingMoment moment;
};

[[noreturn]] void RefuseFault(Learned learned, FaultyPart part, double value) {
  const StepData& data = learned.data;
  learned.moment.data_finite = data.images.isfinite().all().item<bool>() &&
                               (!data.stimuli.defined() ||
                                (data.stimuli.isfinite().all() & data.wanted.isfinite().all()).item<bool>());
  ThrowNotFinite(part, value, learned.moment);
}

// Adds the gradients of the joint loss.
Learned Learn(ClassifierState& state, StepData step_data, const TrainOptions& options,
              TrainingMoment moment) {
  Learned learned{.data = std::move(step_data), .losses = {}, .moment = std::move(moment)};
  const StepLoss loss = JointLoss(state.network, state.similarity, learned.data, options.clamp);
  const double task = learned.moment.task = learned.losses.task = loss.task.item<double>();
  if (!std::isfinite(task)) RefuseFault(std::move(learned), FaultyPart::kTask, task);
  torch::Tensor total = loss.task;
  if (loss.similarity.defined()) {
    const double similarity = learned.losses.similarity = loss.similarity.item<double>();
    learned.moment.weighted_similarity = options.alpha * similarity;
    if (!std::isfinite(similarity)) RefuseFault(std::move(learned), FaultyPart::kSimilarity, similarity);
    total = total + options.alpha * loss.similarity;
  }
  total.backward();
  return learned;
}

// What gets a gradient in every part, and what follows the images.
PartMeans MeansOf(ClassifierState& state, const TrainOptions& options) {
  std::vector<torch::Tensor> parameters = state.network->parameters(), buffers;
  const auto add_buffers = [&](const torch::nn::Module& module) {
    for (const torch::Tensor& buffer : module.buffers())
      if (buffer.is_floating_point()) buffers.push_back(buffer);
  };
  add_buffers(*state.network);
  if (options.regularized()) {
    for (const torch::Tensor& parameter : state.similarity->parameters()) parameters.push_back(parameter);
    add_buffers(*state.similarity);
  }
  return {std::move(parameters), std::move(buffers)};
}

}  // namespace

std::string StepPlace(int64_t epoch, int64_t step, int64_t steps) {
  return fmt::format("epoch {}, step {} of {}", epoch, step, steps);
}

bool TrainStep(ClassifierState& state, const TrainingSet& set, const TrainOptions& options,
               const Batch& batch, int64_t steps, const std::string& saved, const Ranks& ranks) {
  const std::string place = StepPlace(state.epoch, state.step, steps);
  const int64_t own = PartsOfARank(options.parts, ranks.size()), size = options.batch / options.parts;
  const auto learn = [&](int64_t part) {
    const int64_t number = ranks.rank() * own + part;
    StepData data = DrawStep(state.network, set, options, batch, part * size, size, state.epoch,
                             state.step * options.parts + number);
    return Learn(state, std::move(data), options, {.where = place, .state = saved});
  };
  state.sgd.ZeroGradients();
  Learned learned;
  PartMeans::Means means;
  if (options.parts == 1) {
    learned = learn(0);
    means = {learned.losses, InterruptRequested()};
  } else {
    PartMeans sums = MeansOf(state, options);
    for (int64_t part = 0; part < own; ++part) {
      learned = learn(part);
      sums.Add(learned.losses);
    }
    means = sums.Finish(ranks, options.parts, "the gradients of " + place);
  }
  state.task_loss += means.losses.task;
  state.similarity_loss += means.losses.similarity;
  const bool finite = state.sgd.Step(
      LearningRate(options.schedule, options.lr, state.epoch * steps + state.step, steps, options.epochs));
  if (!finite)
    RefuseFault(std::move(learned), FaultyPart::kWeights, std::numeric_limits<double>::quiet_NaN());
  ++state.step;
  return means.interrupted;
}

}  // namespace murine
