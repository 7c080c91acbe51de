// SPDX-License-Identifier: Apache-2.0
#include "train/train_classifier.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/memory_need.h"
#include "base/progress.h"
#include "data/batches.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/folder_lock.h"
#include "io/json_lines.h"
#include "nn/resnet_size.h"
#include "nn/tensor.h"
#include "train/adversarial.h"
#include "train/classifier_score.h"
#include "train/classifier_state.h"
#include "train/joint_loss.h"
#include "train/training_set.h"

namespace murine {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

StepData DrawStep(const ResNet& network, const TrainingSet& set, const TrainOptions& options,
                  const Batch& batch, int64_t epoch, int64_t step) {
  const ImageSet& images = set.train;
  StepData data;
  data.images = ToTensor(batch.images, {static_cast<int64_t>(batch.labels.size()), images.channels,
                                        images.height, images.width});
  data.labels = ToTensor(std::span<const int64_t>(batch.labels));
  if (const double epsilon = options.adversarial_epsilon(); epsilon > 0)
    data.images = AdversarialImages(
        network, {data.images, data.labels, ToTensor(std::span<const int64_t>(batch.index))},
        {.epsilon = epsilon, .steps = options.adversarial_steps, .seed = options.seed, .epoch = epoch});
  if (!options.regularized()) return data;

  PairBatch pairs = DrawPairs(options.pairs, set.stimuli.count(), options.pair_images, options.seed,
                              static_cast<uint64_t>(epoch), static_cast<uint64_t>(step), set.target.filter());
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

std::string Place(int64_t epoch, int64_t step, int64_t steps) {
  return fmt::format("epoch {}, step {} of {}", epoch, step, steps);
}

// `saved`: the place of the state that is saved.
void TrainStep(ClassifierState& state, const TrainingSet& set, const TrainOptions& options,
               const Batch& batch, int64_t steps, const std::string& saved) {
  state.sgd.ZeroGradients();
  const StepData data = DrawStep(state.network, set, options, batch, state.epoch, state.step);
  const StepLoss loss = JointLoss(state.network, state.similarity, data, options.clamp);
  TrainingMoment moment{.where = Place(state.epoch, state.step, steps),
                        .state = saved,
                        .task = loss.task.item<double>(),
                        .weighted_similarity = 0};
  const auto refuse = [&](FaultyPart part, double value) {
    moment.data_finite = data.images.isfinite().all().item<bool>() &&
                         (!data.stimuli.defined() ||
                          (data.stimuli.isfinite().all() & data.wanted.isfinite().all()).item<bool>());
    ThrowNotFinite(part, value, moment);
  };
  if (!std::isfinite(moment.task)) refuse(FaultyPart::kTask, moment.task);
  state.task_loss += moment.task;
  torch::Tensor total = loss.task;
  if (loss.similarity.defined()) {
    const double similarity = loss.similarity.item<double>();
    moment.weighted_similarity = options.alpha * similarity;
    if (!std::isfinite(similarity)) refuse(FaultyPart::kSimilarity, similarity);
    state.similarity_loss += similarity;
    total = total + options.alpha * loss.similarity;
  }
  total.backward();
  const bool finite = state.sgd.Step(
      LearningRate(options.schedule, options.lr, state.epoch * steps + state.step, steps, options.epochs));
  if (!finite) refuse(FaultyPart::kWeights, std::numeric_limits<double>::quiet_NaN());
  ++state.step;
}

// Weights, gradients, momentum, best weights, and what is written of them; what each convolution puts out,
// before and after its normalization.
void RequireMemoryFor(const TrainOptions& options, const ResNetOptions& architecture,
                      const TrainingSet& set) {
  constexpr int64_t kCopies = 7, kPerOutput = 2, kFloat = sizeof(float);
  const int64_t value = options.precision == Precision::kFp32 ? kFloat : kFloat / 2;
  const ResNetSize size = SizeOf(architecture, architecture.height, architecture.image_width);
  std::vector<MemoryNeed> needs = {
      {"weights, their gradients, momentum and saved copies", size.parameters * kCopies * kFloat},
      {fmt::format("the features of {} images", options.batch),
       options.batch * size.outputs * kPerOutput * value}};
  if (options.regularized())
    needs.push_back({fmt::format("the features of {} stimuli", options.pair_images),
                     options.pair_images *
                         SizeOf(architecture, set.stimuli.height, set.stimuli.width).outputs * kPerOutput *
                         value});
  RequireMemory("this training", needs, "a smaller --batch, --pair-images, --width or --resize");
}

Json EpochLine(const ClassifierState& state, const TrainOptions& options, const ClassifierScore& validation,
               int64_t steps, double seconds, int64_t images) {
  Json line = {
      {"epoch", state.epoch},
      {"task_loss", state.task_loss / static_cast<double>(steps)},
      {"similarity_loss",
       options.regularized() ? Json(state.similarity_loss / static_cast<double>(steps)) : Json(nullptr)},
      {"validation_loss", validation.loss},
      {"validation_accuracy", validation.accuracy},
      {"stage_weights", ToNdArray(state.similarity->StageWeights()).values},
      {"seconds", seconds},
      {"images_per_second", static_cast<double>(images) / std::max(seconds, 1e-9)}};
  return line;
}

class Training {
 public:
  Training(const TrainOptions& options, const TrainingSet& set, ClassifierState& state,
           std::filesystem::path run)
      : options_(options),
        set_(set),
        state_(state),
        run_(std::move(run)),
        loader_(set.train, set.members,
                {.batch = options.batch,
                 .seed = options.seed,
                 .augmentation = Augmentation::Parse(options.augment)}),
        steps_(loader_.batches_per_epoch()),
        progress_("train", options.epochs * steps_ * options.batch, "images",
                  (state.epoch * steps_ + state.step) * options.batch),
        saved_(Clock::now()) {
    if (std::filesystem::exists(run_ / "state.safetensors")) saved_place_ = Here();
  }

  void Run() {
    while (state_.epoch < options_.epochs) Epoch();
  }

 private:
  void Epoch() {
    const auto start = Clock::now();
    const int64_t first = state_.step;
    loader_.StartEpoch(state_.epoch, first);
    while (state_.step < steps_) {
      TrainStep(state_, set_, options_, loader_.Next(), steps_, saved_place_);
      progress_.Update((state_.epoch * steps_ + state_.step) * options_.batch, Figure());
      const bool due = SecondsSince(saved_) > static_cast<double>(options_.checkpoint_seconds);
      if (state_.step < steps_ && (due || InterruptRequested())) Save();
    }
    const double seconds = SecondsSince(start);
    const ClassifierScore validation = ScoreClassifier(state_.network, set_.train, set_.validation);
    if (!std::isfinite(validation.loss))
      ThrowNotFinite(FaultyPart::kValidation, validation.loss,
                     {.where = fmt::format("after epoch {}", state_.epoch), .state = saved_place_});
    AppendJsonLine(run_ / "metrics.jsonl", EpochLine(state_, options_, validation, steps_, seconds,
                                                     (steps_ - first) * options_.batch));
    if (validation.loss < state_.best_loss) state_.KeepAsBest(validation.loss);
    validation_ = validation;
    state_.StartNextEpoch();
    Save();
  }

  void Save() {
    WriteState(run_ / "state.safetensors", state_, set_.identity);
    saved_ = Clock::now();
    saved_place_ = Here();
    if (InterruptRequested())
      ThrowInterrupted(fmt::format("the state after epoch {}, step {} is saved", state_.epoch, state_.step));
  }

  std::string Here() const { return Place(state_.epoch, state_.step, steps_); }

  std::string Figure() const {
    std::string figure = fmt::format("epoch {}/{}  loss {:.3f}", state_.epoch + 1, options_.epochs,
                                     state_.task_loss / static_cast<double>(state_.step));
    if (options_.regularized())
      figure += fmt::format("  similarity {:.3f}", state_.similarity_loss / static_cast<double>(state_.step));
    if (validation_.loss > 0) figure += fmt::format("  validation accuracy {:.3f}", validation_.accuracy);
    return figure;
  }

  const TrainOptions& options_;
  const TrainingSet& set_;
  ClassifierState& state_;
  std::filesystem::path run_;
  BatchLoader loader_;
  int64_t steps_;
  Progress progress_;
  Clock::time_point saved_;
  std::string saved_place_;  // of the saved state
  ClassifierScore validation_;
};

double MeanRate(const std::filesystem::path& metrics) {
  double images = 0, seconds = 0;
  for (const Json& line : ReadJsonLines(metrics)) {
    images += line.value("images_per_second", 0.0) * line.value("seconds", 0.0);
    seconds += line.value("seconds", 0.0);
  }
  return seconds > 0 ? images / seconds : 0;
}

Json Finish(ClassifierState& state, const TrainingSet& set, const TrainOptions& options,
            const std::filesystem::path& run) {
  state.RestoreBest();
  std::vector<int64_t> all(static_cast<size_t>(set.test.count()));
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  const ClassifierScore test = ScoreClassifier(state.network, set.test, all);
  const Json result = {{"clean_accuracy", test.accuracy},
                       {"n", set.test.count()},
                       {"validation_loss", state.best_loss},
                       {"validation", ScoreUnderNoise(state.network, set.train, set.validation,
                                                      options.validation_noise, options.seed)},
                       {"best_epoch", state.best_epoch},
                       {"epochs", options.epochs},
                       {"clamp", options.regularized() ? Json(options.clamp) : Json(nullptr)},
                       {"stage_weights", ToNdArray(state.similarity->StageWeights()).values}};
  WriteModel(run / "model.safetensors", state, set.identity, result);
  WriteJson(run / "results.json", {{"config", set.identity}, {"result", result}});
  std::filesystem::remove(run / "state.safetensors");
  return result;
}

}  // namespace

Json TrainClassifier(const TrainOptions& options, const std::filesystem::path& run) {
  options.Check();
  const TrainingSet set = LoadTrainingSet(options);
  const std::filesystem::path results = run / "results.json", saved = run / "state.safetensors",
                              metrics = run / "metrics.jsonl";
  Json result;
  if (std::filesystem::exists(results)) {
    const Json stored = ReadJson(results);
    RefuseOtherConfig(stored.value("config", Json::object()), set.identity, run);
    result = stored.at("result");
  } else {
    ResNetOptions architecture;
    architecture.depth = options.depth;
    architecture.width = options.width;
    architecture.stem = options.stem;
    architecture.blur = options.blur;
    architecture.classes = set.train.classes;
    architecture.channels = set.train.channels;
    architecture.height = set.train.height;
    architecture.image_width = set.train.width;
    RequireMemoryFor(options, architecture, set);
    const FolderLock lock(run);
    ClassifierState state(architecture, options);
    state.network->UseEngine(options.precision == Precision::kFp32 ? Engine::kFloat : Engine::kBfloat16);
    if (std::filesystem::exists(saved)) ReadState(saved, state, set.identity);
    WriteFileAtomically(run / "config.toml", FormatToml(OptionsToJson(options)));
    DropEpochsFrom(metrics, state.epoch);
    Training(options, set, state, run).Run();
    result = Finish(state, set, options, run);
  }
  result["images_per_second"] = MeanRate(metrics);
  return result;
}

}  // namespace murine
