// SPDX-License-Identifier: Apache-2.0
#include "experiment/experiment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "experiment/expand.h"
#include "io/file.h"

namespace murine {
namespace {

const std::vector<std::string> kKeys = {"name",       "seeds",       "threads",   "recordings",
                                        "models",     "classifiers", "targets",   "train",
                                        "conditions", "evaluate",    "statistics"};

// Names become names of files.
void CheckName(const std::string& name, const std::string& where) {
  const bool good = !name.empty() && name.size() <= 64 && name[0] != '.' && name[0] != '-' &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
                    });
  if (!good)
    throw Error({.what = "a name that cannot be a file's",
                 .where = where,
                 .expected = "up to 64 letters, digits, '-', '_' and '.'",
                 .got = "'" + name + "'"});
}

const Json& Table(const Json& tables, const std::string& key, const std::string& where) {
  static const Json kNothing = Json::object();
  if (!tables.contains(key)) return kNothing;
  if (!tables[key].is_object())
    throw Error({.what = "not a table", .where = where + ", " + key, .got = tables[key].dump()});
  return tables[key];
}

// A model's one recording needs no list.
void ListRecordings(Json& tables) {
  if (!tables.contains("models") || !tables["models"].is_object()) return;
  for (Json& model : tables["models"])
    if (model.is_object() && model.contains("recording") && model["recording"].is_string())
      model["recording"] = Json::array({model["recording"]});
}

// `refused`: keys that the experiment itself decides, and where.
using Refused = std::vector<std::pair<std::string, std::string>>;

void RefuseKeys(const Json& table, const Refused& refused, const std::string& where) {
  for (const auto& [key, hint] : refused)
    if (table.contains(key))
      throw Error({.what = "key '" + key + "' has no place here", .where = where, .hint = hint});
}

template <class Options>
void ReadOptions(const Json& table, Options& options, const std::string& where) {
  OptionsFromJson(table, options, where);
}

// Responses are of somebody's own experiment; a simulated mouse has none yet.
void ReadOptions(const Json& table, RecordingOptions& options, const std::string& where) {
  const bool has_images = table.contains("images") && table["images"].is_string();
  if (has_images || table.contains("responses") || table.contains("trials")) options = ImportOptions{};
  std::visit([&](auto& each) { OptionsFromJson(table, each, where); }, options);
}

template <class Options>
std::vector<Named<Options>> ReadNamed(const Json& tables, const std::string& key, const std::string& where,
                                      const Options& shared) {
  std::vector<Named<Options>> entries;
  for (const auto& [name, table] : Table(tables, key, where).items()) {
    const std::string here = fmt::format("{}, [{}.{}]", where, key, name);
    CheckName(name, here);
    Json rest = Table(tables[key], name, where);
    Named<Options> entry{name, shared, ""};
    if (rest.contains("file")) {
      options_internal::FromJson(rest["file"], entry.file, "file", here);
      rest.erase("file");
      if (!rest.empty())
        throw Error({.what = "a file that is there already takes no options",
                     .where = here,
                     .got = rest.begin().key()});
    }
    if (std::is_same_v<Options, SimilarityOptions> && entry.file.empty() && !rest.contains("kind"))
      throw Error(
          {.what = "a target without a kind", .where = here, .expected = "kind = \"neural\" or another"});
    ReadOptions(rest, entry.options, here);
    entries.push_back(std::move(entry));
  }
  return entries;
}

// Of [train] alone, for its own errors: a list is as good as its first value.
TrainOptions ReadTrain(const Json& table, const std::string& where) {
  Json first = table;
  for (auto& [key, value] : first.items())
    if (value.is_array() && !value.empty() && key != "data" && key != "stimuli") value = Json(value[0]);
  TrainOptions options;
  OptionsFromJson(first, options, where);
  return options;
}

void ReadConditions(const Json& tables, const std::string& where, Experiment& experiment) {
  const Refused refused = {{"seed", "the experiment's seeds are for its conditions"}};
  const Json& train = Table(tables, "train", where);
  RefuseKeys(train, refused, where + ", [train]");
  const Json& conditions = Table(tables, "conditions", where);
  for (const auto& [name, table] : conditions.items()) {
    const std::string here = fmt::format("{}, [conditions.{}]", where, name);
    CheckName(name, here);
    RefuseKeys(table, refused, here);
    RefuseKeys(table, {{"file", "a condition is trained, not read"}}, here);
  }
  for (ExpandedCondition& each : ExpandConditions(train, conditions, where)) {
    Condition condition{each.name, each.family, {}};
    OptionsFromJson(each.options, condition.options, fmt::format("{}, [conditions.{}]", where, each.family));
    experiment.conditions.push_back(std::move(condition));
  }
  if (experiment.conditions.empty())
    throw Error({.what = "an experiment without conditions",
                 .where = where,
                 .expected = "at least one table [conditions.NAME]"});
}

void ReadHead(const Json& tables, const std::string& where, Experiment& experiment) {
  if (tables.contains("name")) options_internal::FromJson(tables["name"], experiment.name, "name", where);
  if (tables.contains("seeds")) options_internal::FromJson(tables["seeds"], experiment.seeds, "seeds", where);
  if (tables.contains("threads"))
    options_internal::FromJson(tables["threads"], experiment.threads, "threads", where);
  if (experiment.seeds.empty() || experiment.threads < 1)
    throw Error({.what = "an experiment has at least one seed and one thread", .where = where});
  for (const int64_t seed : experiment.seeds)
    if (seed < 0 || std::count(experiment.seeds.begin(), experiment.seeds.end(), seed) > 1)
      throw Error({.what = "seeds are different numbers, 0 or more",
                   .where = where,
                   .got = Json(experiment.seeds).dump()});
}

}  // namespace

Experiment ReadExperiment(const std::filesystem::path& path, const std::vector<std::string>& set) {
  const std::string where = path.string();
  Json tables = ParseToml(ReadFile(path), where);
  for (const std::string& entry : set) SetEntry(tables, entry);
  for (const auto& [key, value] : tables.items())
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) ThrowUnknownName("key", key, where, kKeys);

  Experiment experiment;
  experiment.name = path.stem().string();
  ReadHead(tables, where, experiment);
  SimilarityOptions target;
  target.stimuli = ReadTrain(Table(tables, "train", where), where + ", [train]").stimuli;
  ListRecordings(tables);
  experiment.recordings = ReadNamed(tables, "recordings", where, RecordingOptions{});
  experiment.models = ReadNamed(tables, "models", where, FitOptions{});
  experiment.classifiers = ReadNamed(tables, "classifiers", where, TrainOptions{});
  experiment.targets = ReadNamed(tables, "targets", where, target);
  ReadConditions(tables, where, experiment);
  RefuseKeys(Table(tables, "evaluate", where),
             {{"model", "every condition is evaluated"}, {"seed", "a network is tested with its own seed"}},
             where + ", [evaluate]");
  const std::string evaluate = where + ", [evaluate]";
  OptionsFromJson(Table(tables, "evaluate", where), experiment.evaluate, evaluate);
  InFile(evaluate, [&] { experiment.evaluate.CheckTests(); });  // now, and not after hours of training
  OptionsFromJson(Table(tables, "statistics", where), experiment.statistics, where + ", [statistics]");
  if (!(experiment.statistics.kept_share >= 0 && experiment.statistics.kept_share <= 1))
    throw Error({.what = "kept-share is no share", .where = where + ", [statistics]", .expected = "0 to 1"});
  CheckNames(experiment, where);
  return experiment;
}

}  // namespace murine
