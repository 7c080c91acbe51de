// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "experiment/experiment.h"

namespace murine {
namespace {

template <class Options>
const Named<Options>& RequireName(const std::vector<Named<Options>>& entries, const std::string& name,
                                  const std::string& what, const std::string& where) {
  std::vector<std::string> known;
  for (const Named<Options>& entry : entries) {
    if (entry.name == name) return entry;
    known.push_back(entry.name);
  }
  if (known.empty())
    throw Error({.what = fmt::format("unknown {} '{}'", what, name),
                 .where = where,
                 .hint = fmt::format("add a table [{}s.{}]", what, name)});
  ThrowUnknownName(what, name, where, known);
}

// Targets of the features of classifiers that are trained with targets: the one place where something may
// need itself.
class Walk {
 public:
  Walk(const Experiment& experiment, std::string where) : experiment_(experiment), where_(std::move(where)) {}

  void Target(const std::string& name, const std::string& from) {
    const auto& target = RequireName(experiment_.targets, name, "target", from);
    if (!target.file.empty()) return;
    const std::string here = Enter("targets." + name);
    for (const std::string& model : target.options.models)
      RequireName(experiment_.models, model, "model", here);
    for (const std::string& recording : target.options.recordings)
      RequireName(experiment_.recordings, recording, "recording", here);
    if (!target.options.classifier.empty()) Classifier(target.options.classifier, here);
    path_.pop_back();
  }

  void Classifier(const std::string& name, const std::string& from) {
    const auto& classifier = RequireName(experiment_.classifiers, name, "classifier", from);
    if (!classifier.file.empty()) return;
    const std::string here = Enter("classifiers." + name);
    if (classifier.options.regularized()) Target(classifier.options.target, here);
    path_.pop_back();
  }

 private:
  std::string Enter(const std::string& node) {
    const bool again = std::find(path_.begin(), path_.end(), node) != path_.end();
    path_.push_back(node);
    if (again)
      throw Error({.what = "a cycle: what is made from itself is never made",
                   .where = where_,
                   .got = fmt::format("{}", fmt::join(path_, " -> "))});
    return fmt::format("{}, [{}]", where_, node);
  }

  const Experiment& experiment_;
  std::string where_;
  std::vector<std::string> path_;
};

}  // namespace

void CheckNames(const Experiment& experiment, const std::string& where) {
  for (const auto& model : experiment.models) {
    if (!model.file.empty()) continue;
    const std::string here = fmt::format("{}, [models.{}]", where, model.name);
    if (model.options.recordings.empty())
      throw Error({.what = "a model without a recording",
                   .where = here,
                   .expected = "recording = \"NAME\", or a list of names"});
    for (const std::string& recording : model.options.recordings)
      RequireName(experiment.recordings, recording, "recording", here);
  }
  Walk walk(experiment, where);
  for (const auto& target : experiment.targets) walk.Target(target.name, where);
  for (const auto& classifier : experiment.classifiers) walk.Classifier(classifier.name, where);
  for (const Condition& condition : experiment.conditions)
    if (condition.options.regularized())
      walk.Target(condition.options.target, fmt::format("{}, [conditions.{}]", where, condition.family));
}

}  // namespace murine
