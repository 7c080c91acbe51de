// SPDX-License-Identifier: Apache-2.0
#include "experiment/plan.h"

#include <fmt/format.h>

#include <cctype>
#include <map>

#include "base/error.h"
#include "base/hash.h"
#include "data/image_set.h"
#include "experiment/input_hash.h"
#include "experiment/measure.h"

namespace murine {
namespace {

constexpr size_t kKeyDigits = 12;

// What a later stage needs to know of a recording, model, classifier or target: its file and, where it is
// made here, its stage.
struct Made {
  std::filesystem::path path;
  std::string key;
  std::vector<size_t> stage;  // none for a file that is there already
};

// "gabor alpha 40" as part of a file's name.
std::string FileName(std::string name) {
  for (char& c : name)
    if (c == ' ')
      c = '-';
    else if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_' && c != '.')
      c = '_';
  return name;
}

// NAME-KEY; another name where that is there already with this key: a value that became a list, say, is part
// of its condition's name now.
std::string NameInFolder(const std::filesystem::path& folder, const std::string& name, const std::string& key,
                         const std::string& ending) {
  const std::string wanted = fmt::format("{}-{}", name, key), tail = fmt::format("-{}{}", key, ending);
  std::error_code fault;
  if (std::filesystem::exists(folder / (wanted + ending), fault)) return wanted;
  for (std::filesystem::directory_iterator entry(folder, fault), end; !fault && entry != end;
       entry.increment(fault))
    if (const std::string file = entry->path().filename().string(); file.ends_with(tail))
      return file.substr(0, file.size() - ending.size());
  return wanted;
}

template <class Options>
const Named<Options>& Find(const std::vector<Named<Options>>& entries, const std::string& name) {
  for (const Named<Options>& entry : entries)
    if (entry.name == name) return entry;
  throw Error({.what = "unknown name '" + name + "'"});  // ReadExperiment has looked already
}

// What a table names, and is not there.
template <class Read>
auto InTable(const std::string& table, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    ErrorParts parts = error.parts();
    parts.where = parts.where.empty() ? table : fmt::format("{}, named in {}", parts.where, table);
    parts.kind = ErrorKind::kFailed;
    throw Error(parts);
  }
}

// A fault of a stage's options stops the experiment before its first stage.
template <class Options>
void CheckIn(const std::string& table, const Options& options) {
  InFile(table, [&] { options.Check(); });
}

const char* Shades(bool color) { return color ? "colour" : "grayscale"; }

class Planner {
 public:
  Planner(const Experiment& experiment, std::filesystem::path folder)
      : experiment_(experiment), folder_(std::move(folder)) {}

  Plan Make() {
    for (const auto& each : experiment_.recordings)
      plan_.recordings = Listed(plan_.recordings, AddRecording(each));
    for (const auto& each : experiment_.models) plan_.models = Listed(plan_.models, AddModel(each));
    for (const auto& each : experiment_.targets) plan_.targets = Listed(plan_.targets, TargetOf(each.name));
    for (const auto& each : experiment_.classifiers)
      plan_.classifiers = Listed(plan_.classifiers, ClassifierOf(each.name));
    size_t share = 0;
    for (const Condition& each : experiment_.conditions)
      for (const int64_t seed : experiment_.seeds) AddCondition(each, static_cast<uint64_t>(seed), share++);
    return std::move(plan_);
  }

 private:
  struct Work {
    std::string verb, table, name, ending;
    std::vector<std::string> command;
    std::string what = {};
    size_t share = 0;
  };

  static std::vector<size_t> Listed(std::vector<size_t> list, const Made& made) {
    list.insert(list.end(), made.stage.begin(), made.stage.end());
    return list;
  }

  Made AddRecording(const Named<RecordingOptions>& entry) {
    const std::string table = fmt::format("[recordings.{}]", entry.name);
    if (!entry.file.empty()) return recordings_[entry.name] = ThereAlready(entry.file, table);
    const auto* mouse = std::get_if<SimulateOptions>(&entry.options);
    const bool simulated = mouse != nullptr;
    if (simulated) CheckSlice(mouse->stimuli, Split::kTrain, table);
    std::vector<std::string> command =
        std::visit([](const auto& options) { return CommandLine(options); }, entry.options);
    return recordings_[entry.name] =
               Add({simulated ? "simulate" : "import", "recordings", entry.name, ".h5", std::move(command)},
                   IdentityIn(table, entry.options), {});
  }

  Made AddModel(const Named<FitOptions>& entry) {
    const std::string table = fmt::format("[models.{}]", entry.name);
    if (!entry.file.empty()) return models_[entry.name] = ThereAlready(entry.file, table);
    CheckIn(table, entry.options);
    FitOptions options = entry.options;
    std::vector<const Made*> needs;
    for (std::string& name : options.recordings) name = Need(recordings_.at(name), needs);
    return models_[entry.name] =
               Add({"fit", "models", entry.name, ".safetensors", CommandLine(options, "recording")},
                   IdentityIn(table, entry.options), needs);
  }

  // Targets and classifiers may need one another; there are no cycles, ReadExperiment has looked.
  const Made& TargetOf(const std::string& name) {
    if (const auto found = targets_.find(name); found != targets_.end()) return found->second;
    const Named<SimilarityOptions>& entry = Find(experiment_.targets, name);
    const std::string table = fmt::format("[targets.{}]", entry.name);
    if (!entry.file.empty()) {
      const std::filesystem::path description = std::filesystem::path(entry.file).replace_extension(".json");
      Made made = ThereAlready(entry.file, table);
      if (std::filesystem::exists(description)) made.key += hashes_.OfPath(description);
      return targets_[name] = made;
    }
    CheckIn(table, entry.options);
    CheckSlice(entry.options.stimuli, Split::kTrain, table);
    SimilarityOptions options = entry.options;
    std::vector<const Made*> needs;
    for (std::string& model : options.models) model = Need(models_.at(model), needs);
    for (std::string& recording : options.recordings) recording = Need(recordings_.at(recording), needs);
    if (!options.classifier.empty()) options.classifier = Need(ClassifierOf(options.classifier), needs);
    std::vector<std::string> command = CommandLine(options);
    if (options.kind == SimilarityOptions{}.kind)  // never left out
      command.push_back("--kind=" + std::string(NameOf(options.kind)));
    return targets_[name] = Add({"similarity", "targets", name, ".npy", std::move(command)},
                                IdentityIn(table, entry.options), needs);
  }

  const Made& ClassifierOf(const std::string& name) {
    if (const auto found = classifiers_.find(name); found != classifiers_.end()) return found->second;
    const Named<TrainOptions>& entry = Find(experiment_.classifiers, name);
    const std::string table = fmt::format("[classifiers.{}]", entry.name);
    if (!entry.file.empty()) return classifiers_[name] = ThereAlready(entry.file, table);
    CheckIn(table, entry.options);
    CheckSlice(entry.options.data, Split::kTrain, table);
    CheckSlice(entry.options.stimuli, Split::kTrain, table);
    CheckStimuli(entry.options, table);
    TrainOptions options = entry.options;
    std::vector<const Made*> needs;
    if (options.regularized()) options.target = Need(TargetOf(options.target), needs);
    return classifiers_[name] = Add({"train", "classifiers", name, "", CommandLine(options)},
                                    IdentityIn(table, entry.options), needs);
  }

  void AddCondition(const Condition& condition, uint64_t seed, size_t share) {
    const std::string table = fmt::format("[conditions.{}] and [train]", condition.family);
    CheckIn(table, condition.options);
    TrainOptions options = condition.options;
    options.seed = seed;
    const Json identity = IdentityIn(table, options);
    CheckStimuli(options, table);
    CheckSlice(options.data, Split::kTrain, table);
    std::vector<const Made*> needs;
    if (options.regularized()) options.target = Need(targets_.at(options.target), needs);
    const std::string what = fmt::format("{}, seed {}", condition.name, seed),
                      name = fmt::format("{}-seed{}", FileName(condition.name), seed);
    const Made run = Add({"train", "runs", name, "", CommandLine(options), what, share}, identity, needs);
    plan_.trainings.push_back(run.stage[0]);

    EvaluateOptions evaluate = experiment_.evaluate;
    evaluate.seed = seed;
    if (evaluate.data.empty()) evaluate.data = WithoutSlice(options.data);
    const Json evaluation = IdentityIn("[evaluate]", evaluate);
    CheckSlice(evaluate.data, Split::kTest, "[evaluate]");
    evaluate.model = run.path.string();
    const Made results =
        Add({"evaluate", "results", name, ".json", CommandLine(evaluate, "model"), what, share}, evaluation,
            {&run});
    plan_.evaluations.push_back(results.stage[0]);
  }

  static std::string Need(const Made& made, std::vector<const Made*>& needs) {
    needs.push_back(&made);
    return made.path.string();
  }

  Made ThereAlready(const std::string& file, const std::string& table) {
    return {file, InTable(table, [&] { return hashes_.OfPath(file); }), {}};
  }

  template <class Options>
  Json IdentityIn(const std::string& table, const Options& options) {
    return InTable(table, [&] { return hashes_.Identity(options); });
  }

  // A slice that a set does not have is found now, and not after the stages before. (Not of a folder, which
  // would take long to read.)
  void CheckSlice(const std::string& spec, Split split, const std::string& table) {
    if (spec.empty() || spec == "dead-leaves" || spec.starts_with("folder:") || WithoutSlice(spec) == spec)
      return;
    InTable(table, [&] { return counts_.Of(spec, split); });
  }

  // A target says how alike the stimuli are that it was made of, in their order.
  void CheckStimuli(const TrainOptions& options, const std::string& table) {
    if (!options.regularized()) return;
    const Named<SimilarityOptions>& target = Find(experiment_.targets, options.target);
    const std::string& of_target = target.options.stimuli;
    const bool color = target.options.color;
    if (!target.file.empty()) return;
    if (options.color == color && hashes_.OfImages(options.stimuli) == hashes_.OfImages(of_target)) return;
    const auto pixels = [](const std::string& spec, bool colored) {
      return StimuliHash(
          LoadImages(spec, {.split = Split::kTrain, .color = colored ? Color::kKeep : Color::kGray}));
    };
    if (pixels(options.stimuli, options.color) == pixels(of_target, color)) return;
    throw Error(
        {.what = "other stimuli than those of the target",
         .where = table,
         .expected = fmt::format("{} in {}, as in [targets.{}]", of_target, Shades(color), target.name),
         .got = fmt::format("{} in {}", options.stimuli, Shades(options.color))});
  }

  // `identity`: options as the experiment names them, without paths of what is made here: a key says nothing
  // of folders.
  Made Add(Work work, const Json& config, const std::vector<const Made*>& needs) {
    Json identity = {{"table", work.table}, {"config", config}, {"needs", Json::array()}};
    // Sums differ with the number of threads: so do the bits.
    identity["threads"] = work.table == "recordings" ? 0 : experiment_.threads;
    for (const Made* need : needs) identity["needs"].push_back(need->key);
    const std::string key = Sha256Hex(identity.dump()).substr(0, kKeyDigits);
    if (const auto same = made_.find({work.table, key}); same != made_.end())
      return {plan_.stages[same->second].path, key, {same->second}};
    made_[{work.table, key}] = plan_.stages.size();
    const std::string name = NameInFolder(folder_ / work.table, work.name, key, work.ending);
    Stage stage{.what = work.verb + " " + (work.what.empty() ? work.name : work.what),
                .table = work.table,
                .name = work.name,
                .key = key,
                .path = folder_ / work.table / (name + work.ending),
                .record = folder_ / "finished" / fmt::format("{}-{}.json", work.table, name),
                .log = folder_ / "logs" / fmt::format("{}-{}.log", work.table, name),
                .command = {work.verb},
                .share = work.table == "runs" || work.table == "results" ? work.share : plan_.stages.size()};
    stage.command.insert(stage.command.end(), {"--json", "--out=" + stage.path.string(),
                                               fmt::format("--threads={}", experiment_.threads)});
    stage.command.insert(stage.command.end(), work.command.begin(), work.command.end());
    for (const Made* need : needs)
      stage.needs.insert(stage.needs.end(), need->stage.begin(), need->stage.end());
    plan_.stages.push_back(std::move(stage));
    return {plan_.stages.back().path, key, {plan_.stages.size() - 1}};
  }

  const Experiment& experiment_;
  std::filesystem::path folder_;
  InputHashes hashes_;
  ImageCounts counts_;
  Plan plan_;
  std::map<std::string, Made> recordings_, models_, classifiers_, targets_;
  std::map<std::pair<std::string, std::string>, size_t> made_;  // table and key -> stage
};

}  // namespace

Plan MakePlan(const Experiment& experiment, const std::filesystem::path& folder) {
  return Planner(experiment, folder).Make();
}

}  // namespace murine
