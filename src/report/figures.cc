// SPDX-License-Identifier: Apache-2.0
#include "report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "report/analysis_figures.h"
#include "report/condition_figures.h"
#include "report/corruption_map.h"
#include "report/field.h"
#include "report/neuron_figures.h"
#include "report/recordings.h"
#include "report/statistics_figures.h"
#include "report/target_figures.h"

namespace murine {
namespace {

Json EncodingModel(const Field& model, const std::string& name, Json examples) {
  Json entry = {{"name", name}};
  PutUnlessNull(entry, "neurons", model["neurons"].Count());
  for (const char* key : {"validation_correlation", "single_trial_correlation", "correlation_to_average",
                          "feve", "fraction_oracle", "truth_correlation", "truth_correlation_reliable",
                          "similarity_truth_model", "similarity_truth_single_trial"})
    PutUnlessNull(entry, key, model[key].Number(-kAny, kAny));
  PutUnlessNull(entry, "examples", std::move(examples));
  return entry;
}

Json Target(const Field& target, const std::string& name) {
  Json entry = {{"name", name}};
  PutUnlessNull(entry, "kind", target["kind"].Text());
  PutUnlessNull(entry, "images", target["images"].Count());
  PutUnlessNull(entry, "pairs", target["pairs"].Count());
  return entry;
}

// FormatToml follows the nesting with the program's stack.
void CheckDepth(const Field& configuration, const Json& value, int most = 32) {
  if (most == 0) configuration.Refuse("a configuration nested less deeply");
  for (const Json& entry : value)
    if (entry.is_structured()) CheckDepth(configuration, entry, most - 1);
}

Json Setup(const Field& configuration, const std::string& name) {
  if (!configuration.json().is_object()) configuration.Refuse("an object");
  CheckDepth(configuration, configuration.json());
  return {{"name", name}, {"configuration", FormatToml(configuration.json())}};
}

// The shell takes what stands in single quotes as it is.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// Options that hold no path were written under their names on the command line; a model is known by its hash.
std::string EvaluateCommand(const Json& config) {
  std::string command = "murine evaluate MODEL";
  for (const auto& [key, value] : config.items()) {
    const bool plain = !key.empty() && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == key.npos;
    if (!plain || key == "model" || key == "resized") continue;
    if (key == "targets" && value == "none") continue;
    if (value.is_string() && !value.get_ref<const std::string&>().empty())
      command += " --" + key + " " + Quoted(value);
    if (value.is_number()) command += " --" + key + " " + value.dump();
    if (value.is_boolean() && value.get<bool>()) command += " --" + key;
  }
  return command + " --out RESULTS.json";
}

class Figures {
 public:
  void Add(const NamedResults& source, bool prefixed) {
    const Field results(source.results, source.where);
    if (!source.results.is_object()) results.Refuse("an object");
    if (results.Has("conditions") && results.Has("references"))
      analyses_.push_back(AnalysisFigures(results, Unused(source.name), source.path));
    else if (results.Has("conditions") || results.Has("experiment"))
      AddExperiment(results, source, prefixed);
    else if (results.Has("result"))
      AddTraining(results, source.name);
    else if (results.Has("tests") || results.Has("clean_accuracy"))
      AddEvaluation(results, source.name);
    else if (results.Has("image_size") && results.Has("faults"))
      recordings_.push_back(RecordingFigure(results, Unused(source.name), source.png));
    else if (results.Has("scores") && results.Has("recordings"))
      encoding_models_.push_back(
          EncodingModel(results["scores"], Unused(source.name), NeuronFigures(results, source.path)));
    else if (results.Has("pairs") && results.Has("stimuli_hash"))
      AddTarget(results, source.name, TargetFigures(source.path));
    else
      results.Refuse(
          "the results of murine evaluate, analyze, train, run or inspect, a model of murine fit or a target "
          "of "
          "murine similarity");
  }

  Json Finish() {
    if (conditions_.empty() && encoding_models_.empty() && targets_.empty() && recordings_.empty() &&
        analyses_.empty())
      throw Error({.what = "nothing to report",
                   .expected = "at least one condition, recording, encoding model, target or analysis",
                   .hint = "has the run got so far?"});
    return Shown();
  }

  Json Shown() const {
    Json notes = Json::array();
    if (!unfinished_.empty()) notes.push_back("Not finished, and so not shown: " + unfinished_ + ".");
    if (!differing_.empty()) {
      std::string keys;
      for (const std::string& key : differing_) keys += (keys.empty() ? "" : ", ") + key;
      notes.push_back("Compare with care: the evaluations differ in more than the model (" + keys + ").");
    }
    for (const std::string& warning : warnings_) notes.push_back(warning);
    const Json maps = CorruptionMaps(conditions_);
    return {{"title", experiments_ == 1 ? title_ : "murine report"},
            {"notes", notes},
            {"conditions", conditions_},
            {"corruption_maps", maps},
            {"heat_scale", maps.empty() ? Json(nullptr) : Json(HeatScale())},
            {"recordings", recordings_},
            {"encoding_models", encoding_models_},
            {"targets", targets_},
            {"analyses", analyses_},
            {"statistics", statistics_},
            {"setups", setups_}};
  }

 private:
  void AddExperiment(const Field& results, const NamedResults& source, bool prefixed) {
    const std::string name = results.Has("name") ? results["name"].RequiredText() : source.name;
    const std::string prefix = prefixed ? name + ": " : "";
    title_ = name;
    ++experiments_;
    for (const Field& condition : results["conditions"].Entries()) {
      const std::string full_name = Unused(prefix + condition["name"].RequiredText());
      Json shown = ConditionFigure(condition, condition["train"], full_name);
      if (shown.contains("clean") || !shown["tests"].empty() || shown.contains("stage_weights"))
        conditions_.push_back(std::move(shown));
      else
        unfinished_ += (unfinished_.empty() ? "" : ", ") + full_name;
    }
    for (const Field& model : results["encoding_models"].Entries()) {
      const std::string model_name = model["name"].RequiredText();
      encoding_models_.push_back(
          EncodingModel(model, prefix + model_name, ExperimentNeuronFigures(source.path, model)));
    }
    for (const Field& target : results["targets"].Entries()) {
      const std::string target_name = target["name"].RequiredText();
      AddTarget(target, prefix + target_name, ExperimentTargetFigures(source.path, target));
    }
    if (Json statistics = StatisticsFigures(results, prefix); !statistics.is_null())
      statistics_.push_back(std::move(statistics));
    if (!results.Has("experiment")) return;
    setups_.push_back(Setup(results["experiment"], name));
    setups_.back()["command"] = "murine run experiment.toml --out DIR";
    Json seeds = Json::array();
    for (const Field& seed : results["seeds"].Entries()) seeds.push_back(seed.Count());
    if (!seeds.empty()) setups_.back()["seeds"] = seeds;
  }

  void AddEvaluation(const Field& results, const std::string& source_name) {
    const std::string name = Unused(source_name);
    conditions_.push_back(ConditionFigure(results, results["train"], name));
    for (const Field& warning : results["warnings"].Entries())
      warnings_.push_back(name + ": " + warning["text"].RequiredText() + ".");
    if (!results.Has("config")) return;
    setups_.push_back(Setup(results["config"], name));
    const Json& config = results["config"].json();
    setups_.back()["command"] = EvaluateCommand(config);
    if (first_config_.is_null()) first_config_ = config;
    for (const char* key : {"data", "data_hash", "resized", "color", "pgd-steps", "attack-steps", "restarts",
                            "targets", "transfer-from", "seed"})
      if (first_config_.value(key, Json()) != config.value(key, Json())) differing_.insert(key);
  }

  void AddTarget(const Field& target, const std::string& name, Json look) {
    targets_.push_back(Target(target, name));
    PutUnlessNull(targets_.back(), "look", std::move(look));
  }

  void AddTraining(const Field& results, const std::string& source_name) {
    const std::string name = Unused(source_name);
    conditions_.push_back(ConditionFigure(results["result"], results["result"], name));
    if (results.Has("config")) setups_.push_back(Setup(results["config"], name));
  }

  // Two conditions of one name could not be told apart.
  std::string Unused(const std::string& name) {
    std::string unused = name;
    for (int i = 2; !names_.insert(unused).second; ++i) unused = fmt::format("{} ({})", name, i);
    return unused;
  }

  int experiments_ = 0;
  std::string title_, unfinished_;
  std::set<std::string> names_, differing_;
  std::vector<std::string> warnings_;
  Json first_config_;
  Json conditions_ = Json::array(), encoding_models_ = Json::array(), targets_ = Json::array(),
       setups_ = Json::array(), recordings_ = Json::array(), analyses_ = Json::array(),
       statistics_ = Json::array();
};

}  // namespace

Json FiguresOf(const std::vector<NamedResults>& sources) {
  const auto experiments = std::count_if(sources.begin(), sources.end(), [](const NamedResults& source) {
    return source.results.is_object() && source.results.contains("conditions") &&
           !source.results.contains("references");
  });
  Figures figures;
  for (const NamedResults& source : sources) figures.Add(source, experiments > 1);
  return figures.Finish();
}

Json NoFigures() { return Figures().Shown(); }

}  // namespace murine
