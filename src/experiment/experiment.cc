// SPDX-License-Identifier: Apache-2.0
#include "experiment/experiment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "data/image_set.h"
#include "io/file.h"

namespace murine {
namespace {

const std::vector<std::string> kKeys = {"name",    "seeds", "threads",    "recordings", "models",
                                        "targets", "train", "conditions", "evaluate"};

// "train.width=16": the value is TOML, or a text where it is none.
void Set(Json& tables, const std::string& entry) {
  const size_t equals = entry.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error({.what = "malformed --set",
                 .expected = "table.key=value, such as train.width=16",
                 .got = entry,
                 .kind = ErrorKind::kUsage});
  const std::string text = entry.substr(equals + 1);
  Json value = text;
  try {
    value = ParseToml("value = " + text, entry).at("value");
  } catch (const Error&) {
  }
  Json* at = &tables;
  std::string rest = entry.substr(0, equals);
  for (size_t dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
    at = &(*at)[rest.substr(0, dot)];
    if (!at->is_object() && !at->is_null())
      throw Error({.what = "--set names a table that is none", .where = entry, .kind = ErrorKind::kUsage});
    rest = rest.substr(dot + 1);
  }
  (*at)[rest] = std::move(value);
}

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
std::vector<Named<Options>> ReadNamed(const Json& tables, const std::string& key, const std::string& where,
                                      const Options& shared, const Refused& refused) {
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
    RefuseKeys(rest, refused, here);
    OptionsFromJson(rest, entry.options, here);
    entries.push_back(std::move(entry));
  }
  return entries;
}

template <class Options>
void RequireName(const std::vector<Named<Options>>& entries, const std::string& name, const std::string& what,
                 const std::string& where) {
  std::vector<std::string> known;
  for (const Named<Options>& entry : entries) known.push_back(entry.name);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  if (known.empty())
    throw Error({.what = fmt::format("unknown {} '{}'", what, name),
                 .where = where,
                 .hint = fmt::format("add a table [{}s.{}]", what, name)});
  ThrowUnknownName(what, name, where, known);
}

void CheckNames(const Experiment& experiment, const std::string& where) {
  for (const auto& model : experiment.models)
    if (model.file.empty()) {
      const std::string here = fmt::format("{}, [models.{}]", where, model.name);
      if (model.options.recordings.empty()) RequireName(experiment.recordings, "", "recording", here);
      for (const std::string& recording : model.options.recordings)
        RequireName(experiment.recordings, recording, "recording", here);
    }
  for (const auto& target : experiment.targets) {
    const std::string here = fmt::format("{}, [targets.{}]", where, target.name);
    for (const std::string& model : target.options.models)
      RequireName(experiment.models, model, "model", here);
    for (const std::string& recording : target.options.recordings)
      RequireName(experiment.recordings, recording, "recording", here);
  }
  for (const auto& condition : experiment.conditions)
    if (condition.options.regularized())
      RequireName(experiment.targets, condition.options.target, "target",
                  fmt::format("{}, [conditions.{}]", where, condition.name));
}

std::string ImageSetIdentity(const std::string& spec) {
  return spec.empty() || spec == "dead-leaves" ? spec : ImageSetSpec::Parse(spec).Identity();
}

template <class Options>
Json Describe(const Options& options) {
  Json described = OptionsToJson(options);
  for (const char* key : {"data", "stimuli"})
    if (described.contains(key)) described[key] = ImageSetIdentity(described[key].get<std::string>());
  for (const char* key : {"frost", "cifar10-c", "transfer-from"})
    if (described.contains(key))
      described[key] = std::filesystem::path(described[key].get<std::string>()).filename().string();
  return described;
}

template <class Options>
Json DescribeAll(const std::vector<Named<Options>>& entries) {
  Json all = Json::object();
  for (const Named<Options>& entry : entries)
    all[entry.name] = entry.file.empty()
                          ? Describe(entry.options)
                          : Json{{"file", std::filesystem::path(entry.file).filename().string()}};
  return all;
}

}  // namespace

Experiment ReadExperiment(const std::filesystem::path& path, const std::vector<std::string>& set) {
  const std::string where = path.string();
  Json tables = ParseToml(ReadFile(path), where);
  for (const std::string& entry : set) Set(tables, entry);
  for (const auto& [key, value] : tables.items())
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) ThrowUnknownName("key", key, where, kKeys);

  Experiment experiment;
  experiment.name = path.stem().string();
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

  const std::pair<std::string, std::string> seed = {"seed", "the experiment's seeds are for its conditions"};
  TrainOptions shared;
  RefuseKeys(Table(tables, "train", where), {seed}, where + ", [train]");
  OptionsFromJson(Table(tables, "train", where), shared, where + ", [train]");
  SimilarityOptions target;
  target.stimuli = shared.stimuli;
  shared.stimuli.clear();  // a condition without target has none

  experiment.recordings = ReadNamed(tables, "recordings", where, SimulateOptions{}, {});
  ListRecordings(tables);
  experiment.models = ReadNamed(tables, "models", where, FitOptions{}, {});
  experiment.targets = ReadNamed(tables, "targets", where, target, {});
  experiment.conditions = ReadNamed(tables, "conditions", where, shared, {seed});
  for (auto& condition : experiment.conditions) {
    if (!condition.file.empty())
      throw Error({.what = "a condition is trained, not read",
                   .where = fmt::format("{}, [conditions.{}]", where, condition.name)});
    if (condition.options.regularized() && condition.options.stimuli.empty())
      condition.options.stimuli = target.stimuli;
  }
  RefuseKeys(Table(tables, "evaluate", where), {{"model", "every condition is evaluated"}},
             where + ", [evaluate]");
  OptionsFromJson(Table(tables, "evaluate", where), experiment.evaluate, where + ", [evaluate]");
  if (experiment.conditions.empty())
    throw Error({.what = "an experiment without conditions",
                 .where = where,
                 .expected = "at least one table [conditions.NAME]"});
  CheckNames(experiment, where);
  return experiment;
}

Json DescribeExperiment(const Experiment& experiment) {
  return {{"name", experiment.name},
          {"seeds", experiment.seeds},
          {"threads", experiment.threads},
          {"recordings", DescribeAll(experiment.recordings)},
          {"models", DescribeAll(experiment.models)},
          {"targets", DescribeAll(experiment.targets)},
          {"conditions", DescribeAll(experiment.conditions)},
          {"evaluate", Describe(experiment.evaluate)}};
}

}  // namespace murine
