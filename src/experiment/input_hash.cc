// SPDX-License-Identifier: Apache-2.0
#include "experiment/input_hash.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "io/integrity.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDigits = 16;

// The options that name an image set, and those that name a file or folder.
const std::vector<std::string> kImageSets = {"data", "stimuli"};
const std::vector<std::string> kPaths = {"frost", "cifar10-c", "transfer-from"};
const std::vector<std::string> kArrays = {"images", "responses", "trials", "behavior", "pupil", "tiers"};

// Links lead on, as they do where images are read; an empty folder counts, too: it is a class.
std::string FolderHash(const fs::path& folder) {
  constexpr int kDeepest = 16;
  std::vector<fs::path> files, folders;
  auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink);
  for (; entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry.depth() > kDeepest)
      throw Error({.what = "folders within folders without an end",
                   .where = folder.string(),
                   .got = entry->path().string(),
                   .hint = "does a link lead back?"});
    if (entry->is_regular_file()) files.push_back(entry->path());
    if (entry->is_directory() && fs::is_empty(entry->path())) folders.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  std::sort(folders.begin(), folders.end());
  const auto name = [&](const fs::path& path) { return path.lexically_relative(folder).string(); };
  Sha256 hash;
  for (const fs::path& file : files) hash.Add(name(file)).Add("\n").Add(FileHash(file)).Add("\n");
  for (const fs::path& each : folders) hash.Add(name(each)).Add("/\n");
  return hash.Hex();
}

using Replace = std::function<std::string(const std::string& text)>;

void ReplaceTexts(Json& options, const std::vector<std::string>& keys, const Replace& replace) {
  for (const std::string& key : keys)
    if (options.contains(key) && options[key].is_string())
      if (const auto text = options[key].get<std::string>(); !text.empty()) options[key] = replace(text);
}

// A bare dead-leaves makes as many as are needed.
bool IsSpec(const std::string& text) { return text != "dead-leaves"; }

template <class Options>
Json OptionsOf(const Options& options) {
  return OptionsToJson(options);
}

Json OptionsOf(const RecordingOptions& options) {
  return std::visit([](const auto& each) { return OptionsToJson(each); }, options);
}

template <class Options>
Json Describe(const Options& options) {
  Json described = OptionsOf(options);
  ReplaceTexts(described, kImageSets, [](const std::string& spec) {
    return IsSpec(spec) ? ImageSetSpec::Parse(spec).Identity() : spec;
  });
  for (const auto& keys : {kPaths, kArrays})
    ReplaceTexts(described, keys, [](const std::string& path) { return fs::path(path).filename().string(); });
  return described;
}

template <class Options>
Json DescribeAll(const std::vector<Named<Options>>& entries) {
  Json all = Json::object();
  for (const Named<Options>& entry : entries)
    all[entry.name] = entry.file.empty() ? Describe(entry.options)
                                         : Json{{"file", fs::path(entry.file).filename().string()}};
  return all;
}

template <class Options>
Json WithHashes(InputHashes& hashes, const Options& options) {
  Json identity = OptionsOf(options);
  ReplaceTexts(identity, kImageSets,
               [&](const std::string& spec) { return IsSpec(spec) ? hashes.OfImages(spec) : spec; });
  for (const auto& keys : {kPaths, kArrays})
    ReplaceTexts(identity, keys, [&](const std::string& path) { return hashes.OfPath(path); });
  return identity;
}

}  // namespace

const std::string& InputHashes::OfPath(const fs::path& path) {
  std::string& hash = known_[path.string()];
  if (hash.empty()) hash = (fs::is_directory(path) ? FolderHash(path) : FileHash(path)).substr(0, kDigits);
  return hash;
}

std::string InputHashes::OfImages(const std::string& text) {
  const ImageSetSpec spec = ImageSetSpec::Parse(text);
  if (spec.kind == "dead-leaves") return spec.Identity();
  const auto [images, labels] =
      spec.kind == "npy" ? SplitNpyPath(spec.path) : std::pair(spec.path, std::string());
  std::string identity = spec.Identity() + " " + OfPath(images);
  if (!labels.empty()) identity += " " + OfPath(labels);
  return identity;
}

Json InputHashes::Identity(const RecordingOptions& options) { return WithHashes(*this, options); }

Json InputHashes::Identity(const FitOptions& options) { return WithHashes(*this, options); }

Json InputHashes::Identity(const SimilarityOptions& options) {
  Json identity = WithHashes(*this, options);
  identity.erase("max-memory");  // does not change results
  return identity;
}

Json InputHashes::Identity(const TrainOptions& options) {
  Json identity = WithHashes(*this, options);
  TrainOptions::KeepIdentity(identity);
  return identity;
}

Json InputHashes::Identity(const EvaluateOptions& options) { return WithHashes(*this, options); }

Json DescribeExperiment(const Experiment& experiment) {
  Json conditions = Json::object();
  for (const Condition& condition : experiment.conditions)
    conditions[condition.name] = Describe(condition.options);
  return {{"name", experiment.name},
          {"seeds", experiment.seeds},
          {"threads", experiment.threads},
          {"recordings", DescribeAll(experiment.recordings)},
          {"models", DescribeAll(experiment.models)},
          {"classifiers", DescribeAll(experiment.classifiers)},
          {"targets", DescribeAll(experiment.targets)},
          {"conditions", conditions},
          {"evaluate", Describe(experiment.evaluate)},
          {"statistics", OptionsToJson(experiment.statistics)}};
}

}  // namespace murine
