// SPDX-License-Identifier: Apache-2.0
#include "train/train_classifier.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <optional>

#include "base/interrupt.h"
#include "base/memory_need.h"
#include "base/progress.h"
#include "data/batches.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/folder_lock.h"
#include "io/json_lines.h"
#include "nn/load_resnet.h"
#include "nn/resnet_size.h"
#include "nn/tensor.h"
#include "train/classifier_score.h"
#include "train/classifier_state.h"
#include "train/joint_loss.h"
#include "train/train_step.h"
#include "train/training_set.h"

namespace murine {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Weights, gradients, momentum, best weights, and what is written of them (with several parts also gradients
// that are added and exchanged); what each convolution puts out,
// before and after its normalization.
void RequireMemoryFor(const TrainOptions& options, const ResNetOptions& architecture,
                      const TrainingSet& set) {
  constexpr int64_t kCopies = 7, kOfParts = 3, kPerOutput = 2, kFloat = sizeof(float);
  const int64_t value = options.precision == Precision::kFp32 ? kFloat : kFloat / 2;
  const ResNetSize size = SizeOf(architecture, architecture.height, architecture.image_width);
  std::vector<MemoryNeed> needs = {
      {"weights, their gradients, momentum and saved copies",
       size.parameters * (kCopies + (options.parts > 1 ? kOfParts : 0)) * kFloat},
      {fmt::format("the features of {} images", options.batch / options.parts),
       options.batch / options.parts * size.outputs * kPerOutput * value}};
  if (options.regularized())
    needs.push_back({fmt::format("the features of {} stimuli", options.pair_images / options.parts),
                     options.pair_images / options.parts *
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
           std::filesystem::path run, const Ranks& ranks)
      : options_(options),
        set_(set),
        state_(state),
        run_(std::move(run)),
        ranks_(ranks),
        loader_(set.train, set.members,
                {.batch = options.batch,
                 .seed = options.seed,
                 .augmentation = Augmentation::Parse(options.augment),
                 .share = ranks.rank(),
                 .shares = ranks.size()}),
        steps_(loader_.batches_per_epoch()),
        progress_("train", options.epochs * steps_ * options.batch, "images",
                  (state.epoch * steps_ + state.step) * options.batch),
        saved_(Clock::now()) {
    if (state.epoch > 0 || state.step > 0) saved_place_ = Here();
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
      interrupted_ = TrainStep(state_, set_, options_, loader_.Next(), steps_, saved_place_, ranks_);
      progress_.Update((state_.epoch * steps_ + state_.step) * options_.batch, Figure());
      const bool due = SecondsSince(saved_) > static_cast<double>(options_.checkpoint_seconds);
      if (state_.step < steps_ && (due || interrupted_)) Save();
    }
    const double seconds = SecondsSince(start);
    const ClassifierScore validation = ScoreClassifier(state_.network, set_.train, set_.validation, ranks_);
    if (!std::isfinite(validation.loss))
      ThrowNotFinite(FaultyPart::kValidation, validation.loss,
                     {.where = fmt::format("after epoch {}", state_.epoch), .state = saved_place_});
    if (ranks_.first())
      AppendJsonLine(run_ / "metrics.jsonl", EpochLine(state_, options_, validation, steps_, seconds,
                                                       (steps_ - first) * options_.batch));
    if (validation.loss < state_.best_loss) state_.KeepAsBest(validation.loss);
    validation_ = validation;
    state_.StartNextEpoch();
    interrupted_ = interrupted_ || ranks_.AnyInterrupted("the end of the epoch");
    Save();
  }

  void Save() {
    if (ranks_.first()) WriteState(run_ / "state.safetensors", state_, set_.identity);
    saved_ = Clock::now();
    saved_place_ = Here();
    if (!interrupted_) return;
    ranks_.Barrier("the state to be saved");
    ThrowInterrupted(fmt::format("the state after epoch {}, step {} is saved", state_.epoch, state_.step));
  }

  std::string Here() const { return StepPlace(state_.epoch, state_.step, steps_); }

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
  const Ranks& ranks_;
  BatchLoader loader_;
  int64_t steps_;
  Progress progress_;
  Clock::time_point saved_;
  std::string saved_place_;   // of the saved state
  bool interrupted_ = false;  // any rank was asked to stop
  ClassifierScore validation_;
};

ResNetOptions ArchitectureOf(const TrainOptions& options, const TrainingSet& set) {
  ResNetOptions architecture;
  architecture.depth = options.depth;
  architecture.width = options.width;
  architecture.stem = options.stem;
  architecture.blur = options.blur;
  architecture.classes = set.train.classes;
  architecture.channels = set.train.channels;
  architecture.height = set.train.height;
  architecture.image_width = set.train.width;
  return architecture;
}

double MeanRate(const std::filesystem::path& metrics) {
  double images = 0, seconds = 0;
  for (const Json& line : ReadJsonLines(metrics)) {
    images += line.value("images_per_second", 0.0) * line.value("seconds", 0.0);
    seconds += line.value("seconds", 0.0);
  }
  return seconds > 0 ? images / seconds : 0;
}

Json Finish(ClassifierState& state, const TrainingSet& set, const TrainOptions& options,
            const std::filesystem::path& run, const Ranks& ranks) {
  state.RestoreBest();
  std::vector<int64_t> all(static_cast<size_t>(set.test.count()));
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  const ClassifierScore test = ScoreClassifier(state.network, set.test, all, ranks);
  const Json result = {{"clean_accuracy", test.accuracy},
                       {"n", set.test.count()},
                       {"validation_loss", state.best_loss},
                       {"validation", ScoreUnderNoise(state.network, set.train, set.validation,
                                                      options.validation_noise, options.seed, ranks)},
                       {"best_epoch", state.best_epoch},
                       {"epochs", options.epochs},
                       {"clamp", options.regularized() ? Json(options.clamp) : Json(nullptr)},
                       {"stage_weights", ToNdArray(state.similarity->StageWeights()).values}};
  if (!ranks.first()) return result;
  WriteModel(run / "model.safetensors", state, set.identity, result);
  WriteJson(run / "results.json", {{"config", set.identity}, {"result", result}});
  std::filesystem::remove(run / "state.safetensors");
  return result;
}

// Removes what a process left that was killed between its results and its end.
void ClearUp(const std::filesystem::path& run) {
  const std::filesystem::path saved = run / "state.safetensors";
  if (!std::filesystem::exists(saved) && !FolderLock::IsLeftIn(run)) return;
  const FolderLock lock(run);  // is removed in the end
  std::filesystem::remove(saved);
}

// The result of a finished training; null where there is none.
Json Finished(const std::filesystem::path& run, const Json& identity) {
  const std::filesystem::path results = run / "results.json";
  if (!std::filesystem::exists(results)) return nullptr;
  const Json stored = ReadJson(results);
  RefuseOtherConfig(stored.value("config", Json::object()), identity, run);
  ModelFile(run);
  return stored.at("result");
}

Json Train(const TrainOptions& options, const TrainingSet& set, const ResNetOptions& architecture,
           const std::filesystem::path& run, const Ranks& ranks) {
  const std::filesystem::path saved = run / "state.safetensors";
  ClassifierState state(architecture, options);
  state.network->UseEngine(options.precision == Precision::kFp32 ? Engine::kFloat : Engine::kBfloat16);
  const bool resumes = ranks.first() && std::filesystem::exists(saved);
  if (const std::string file = ranks.Broadcast(resumes ? ReadFile(saved) : "", "the saved state");
      !file.empty())
    ReadState(file, saved.string(), state, set.identity);
  if (ranks.first()) {
    WriteFileAtomically(run / "config.toml", FormatToml(OptionsToJson(options)));
    DropEpochsFrom(run / "metrics.jsonl", state.epoch);
  }
  if (const std::string kind = ImageSetSpec::Parse(options.data).kind; kind == "npy" || kind == "folder")
    spdlog::warn("{} has no test split: clean_accuracy is of images that are trained on", options.data);
  Training(options, set, state, run, ranks).Run();
  return Finish(state, set, options, run, ranks);
}

}  // namespace

Json TrainClassifier(const TrainOptions& options, const std::filesystem::path& run, const Ranks& ranks) {
  options.Check();
  PartsOfARank(options.parts, ranks.size());
  CheckOutput(run, ArtifactKind::kFolder);
  const TrainingSet set = LoadTrainingSet(options);
  ranks.RequireSame(set.identity);
  // What is in the folder is rank 0's to see: file systems that are shared show new files late.
  Json result = ranks.first() ? Finished(run, set.identity) : Json();
  const auto finished = [&] {
    return !ranks.Broadcast(result.is_null() ? "" : "finished", "whether the training is finished").empty();
  };
  if (!finished()) {
    const ResNetOptions architecture = ArchitectureOf(options, set);
    RequireMemoryFor(options, architecture, set);
    std::optional<FolderLock> lock;
    if (ranks.first()) {
      lock.emplace(run);
      result = Finished(run, set.identity);  // by another process, meanwhile
    }
    if (!finished()) result = Train(options, set, architecture, run, ranks);
  }
  if (!ranks.first()) return result;
  ClearUp(run);
  const std::filesystem::path metrics = run / "metrics.jsonl";
  result["images_per_second"] = std::filesystem::exists(metrics) ? Json(MeanRate(metrics)) : Json(nullptr);
  return result;
}

}  // namespace murine
