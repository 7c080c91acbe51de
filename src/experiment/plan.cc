// SPDX-License-Identifier: Apache-2.0
#include "experiment/plan.h"

#include <fmt/format.h>

#include <map>

#include "base/hash.h"
#include "data/inspect.h"
#include "io/artifact.h"
#include "io/hdf5.h"
#include "train/fit_encoder.h"
#include "train/train_classifier.h"

namespace murine {
namespace {

constexpr size_t kKeyDigits = 12;

// What a later stage needs to know of a recording, model or target: its file and, where it is made here, its
// stage.
struct Made {
  std::filesystem::path path;
  std::string key;
  std::vector<size_t> stage;  // none for a file that is there already
};

class Planner {
 public:
  Planner(const Experiment& experiment, std::filesystem::path folder)
      : experiment_(experiment), folder_(std::move(folder)) {}

  Plan Make() {
    for (const auto& each : experiment_.recordings) AddRecording(each);
    for (const auto& each : experiment_.models) AddModel(each);
    for (const auto& each : experiment_.targets) AddTarget(each);
    for (const auto& each : experiment_.conditions)
      for (const int64_t seed : experiment_.seeds) AddCondition(each, static_cast<uint64_t>(seed));
    return std::move(plan_);
  }

 private:
  void AddRecording(const Named<SimulateOptions>& entry) {
    if (!entry.file.empty()) return AddFile(recordings_, entry.name, entry.file);
    const Made made = Place("recordings", entry.name, ".h5", OptionsToJson(entry.options), {});
    const int threads = experiment_.threads;
    plan_.recordings.push_back(
        Add("simulate " + entry.name, made, {}, [options = entry.options, path = made.path, threads] {
          SimulateFile(options, path, threads);
          return Inspect(ReadRecording(path), options.seed);
        }));
    recordings_[entry.name] = WithStage(made);
  }

  void AddModel(const Named<FitOptions>& entry) {
    if (!entry.file.empty()) return AddFile(models_, entry.name, entry.file);
    FitOptions options = entry.options;
    std::vector<const Made*> needs;
    for (const std::string& name : options.recordings) needs.push_back(&recordings_.at(name));
    const Made made = Place("models", entry.name, ".safetensors", OptionsToJson(options), needs);
    for (std::string& name : options.recordings) name = recordings_.at(name).path.string();
    plan_.models.push_back(Add("fit " + entry.name, made, needs,
                               [options, path = made.path] { return FitEncoder(options, path); }));
    models_[entry.name] = WithStage(made);
  }

  void AddTarget(const Named<SimilarityOptions>& entry) {
    if (!entry.file.empty()) return AddFile(targets_, entry.name, entry.file);
    SimilarityOptions options = entry.options;
    std::vector<const Made*> needs;
    for (const std::string& name : options.models) needs.push_back(&models_.at(name));
    for (const std::string& name : options.recordings) needs.push_back(&recordings_.at(name));
    const Made made = Place("targets", entry.name, ".npy", OptionsToJson(options), needs);
    for (std::string& name : options.models) name = models_.at(name).path.string();
    for (std::string& name : options.recordings) name = recordings_.at(name).path.string();
    plan_.targets.push_back(Add("similarity " + entry.name, made, needs,
                                [options, path = made.path] { return MakeTargetFile(options, path); }));
    targets_[entry.name] = WithStage(made);
  }

  void AddCondition(const Named<TrainOptions>& entry, uint64_t seed) {
    TrainOptions options = entry.options;
    options.seed = seed;
    std::vector<const Made*> needs;
    if (options.regularized()) needs.push_back(&targets_.at(options.target));
    const std::string name = fmt::format("{}-seed{}", entry.name, seed);
    Json config = OptionsToJson(options);
    config.erase("checkpoint-seconds");
    const Made run = Place("runs", name, "", config, needs);
    if (options.regularized()) options.target = targets_.at(options.target).path.string();
    const std::string what = fmt::format("{}, seed {}", entry.name, seed);
    plan_.trainings.push_back(Add("train " + what, run, needs,
                                  [options, path = run.path] { return TrainClassifier(options, path); }));
    AddEvaluation(what, name, WithStage(run), options.data, seed);
  }

  void AddEvaluation(const std::string& what, const std::string& name, const Made& run,
                     const std::string& trained_on, uint64_t seed) {
    EvaluateOptions options = experiment_.evaluate;
    options.seed = seed;
    if (options.data.empty()) options.data = trained_on.substr(0, trained_on.find('@'));
    Json config = OptionsToJson(options);
    config.erase("batch");
    const Made made = Place("results", name, ".json", config, {&run});
    options.model = run.path.string();
    plan_.evaluations.push_back(Add("evaluate " + what, made, {&run},
                                    [options, path = made.path] { return Evaluate(options, path); }));
  }

  // The options still carry names, not paths, of what is made here: a key says nothing of folders.
  Made Place(const std::string& table, const std::string& name, const std::string& ending, const Json& config,
             const std::vector<const Made*>& needs) const {
    Json identity = {{"table", table}, {"config", config}, {"needs", Json::array()}};
    // Sums differ with the number of threads: so do the bits.
    identity["threads"] = table == "recordings" ? 0 : experiment_.threads;
    for (const Made* need : needs) identity["needs"].push_back(need->key);
    const std::string key = Sha256Hex(identity.dump()).substr(0, kKeyDigits);
    return {folder_ / table / fmt::format("{}-{}{}", name, key, ending), key, {}};
  }

  void AddFile(std::map<std::string, Made>& files, const std::string& name, const std::string& file) {
    files[name] = {file, file, {}};
  }

  size_t Add(std::string what, const Made& made, const std::vector<const Made*>& needs,
             std::function<Json()> run) {
    Stage stage{std::move(what), made.key, made.path, {}, std::move(run)};
    for (const Made* need : needs)
      stage.needs.insert(stage.needs.end(), need->stage.begin(), need->stage.end());
    plan_.stages.push_back(std::move(stage));
    return plan_.stages.size() - 1;
  }

  Made WithStage(Made made) const {
    made.stage = {plan_.stages.size() - 1};
    return made;
  }

  const Experiment& experiment_;
  std::filesystem::path folder_;
  Plan plan_;
  std::map<std::string, Made> recordings_, models_, targets_;
};

}  // namespace

Plan MakePlan(const Experiment& experiment, const std::filesystem::path& folder) {
  return Planner(experiment, folder).Make();
}

}  // namespace murine
