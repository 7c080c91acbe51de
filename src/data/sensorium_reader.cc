// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "data/recording_parts.h"
#include "data/sensorium.h"
#include "data/sensorium_cache.h"
#include "data/shown_images.h"
#include "io/atomic_folder.h"
#include "io/file_tree.h"
#include "io/integrity.h"
#include "io/npy.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTiersFile = "meta/trials/tiers.npy";
// Far above what there is (a trial of 100,000 neurons has 800 kB), far below what would fill a memory.
constexpr int64_t kMostTrialBytes = 1 << 26, kMostTableBytes = int64_t{1} << 30;
constexpr int64_t kMostResponses = int64_t{1} << 33;

// The tree that holds data/ and meta/: the one given, or the only folder in it that does.
FileTree FindRecording(const fs::path& path, std::string& name) {
  const FileTree root(path);
  if (root.Has(kTiersFile)) return root;
  std::vector<std::string> found;
  for (const std::string& folder : root.Folders(""))
    if (root.Below(folder).Has(kTiersFile)) found.push_back(folder);
  if (found.size() == 1) {
    name = found[0];
    return root.Below(found[0]);
  }
  if (found.empty())
    throw Error({.what = "no recording in it",
                 .where = path.string(),
                 .expected = std::string(kTiersFile) + ", data/images and data/responses",
                 .hint = "a recording is an HDF5 file, a Sensorium folder or a zip file of one"});
  throw Error({.what = "several recordings in it",
               .where = path.string(),
               .expected = "one",
               .got = fmt::format("{}: {}, {} ...", found.size(), found[0], found[1]),
               .hint = "name one of the folders"});
}

class Reader {
 public:
  explicit Reader(FileTree tree) : tree_(std::move(tree)) {
    if (tree_.Has(kSumsFile))
      sums_ = ParseSums(tree_.Read(kSumsFile, kMostTableBytes), tree_.Where(kSumsFile));
    else
      SayUnhashed(tree_.Where(""));
    ReadLinks();
  }

  Recording Read(const std::string& name) {
    recording_.name = DataKey(name);
    const NdArray<std::string> tiers = Texts(kTiersFile);
    trials_ = static_cast<int64_t>(tiers.values.size());
    RequireShape(tiers.shape, {trials_}, kTiersFile, "an axis of trials");
    recording_.tiers = ParseTiers(tiers.values, tree_.Where(kTiersFile));
    CheckKeys();
    ReadTrials(name);
    ReadTrialOrder();
    ReadNeurons();
    CheckStatistics();
    ReadTruth();
    return std::move(recording_);
  }

 private:
  std::string Bytes(const std::string& file, int64_t most) const {
    std::string bytes = tree_.Read(file, most);
    if (sums_.empty()) return bytes;
    const auto stored = sums_.find(file);
    const std::string found = Sha256Hex(bytes), expected = stored == sums_.end() ? "none" : stored->second;
    if (found != expected)
      throw Error({.what = "the file is damaged or changed: it is not what the list of hashes says",
                   .where = tree_.Where(file),
                   .expected = expected,
                   .got = found,
                   .hint = fmt::format("make the recording again, or remove {} if you changed it yourself",
                                       kSumsFile)});
    return bytes;
  }

  template <class T>
  NdArray<T> Numbers(const std::string& file, int64_t most = kMostTableBytes) const {
    const std::string bytes = Bytes(file, most);
    return ParseNpy<T>(std::as_bytes(std::span(bytes)), tree_.Where(file));
  }

  NdArray<std::string> Texts(const std::string& file) const {
    const std::string bytes = Bytes(file, kMostTableBytes);
    return ParseNpyStrings(std::as_bytes(std::span(bytes)), tree_.Where(file));
  }

  bool IsText(const std::string& file) const {
    const std::string bytes = Bytes(file, kMostTableBytes);
    const NpyHeader header = ParseNpyHeader(std::as_bytes(std::span(bytes)), tree_.Where(file));
    return header.dtype[1] == 'U' || header.dtype[1] == 'S';
  }

  void RequireShape(const std::vector<int64_t>& shape, const std::vector<int64_t>& expected,
                    const std::string& file, const std::string& axes) const {
    if (shape == expected) return;
    throw Error({.what = "shape of the array",
                 .where = tree_.Where(file),
                 .expected = FormatShape(expected) + ", " + axes,
                 .got = FormatShape(shape)});
  }

  // config.json may give an array another name: {"links": {"targets": "responses"}}.
  void ReadLinks() {
    if (!tree_.Has("config.json")) return;
    const Json config = ParseJson(Bytes("config.json", kMostTrialBytes), tree_.Where("config.json"));
    if (!config.is_object() || !config.contains("links") || !config["links"].is_object()) return;
    for (const auto& [name, target] : config["links"].items()) {
      if (!target.is_string()) continue;
      const std::string folder = target.get<std::string>();
      if (folder == ".." || folder.find('/') != std::string::npos)
        throw Error({.what = "a link that leads out of the recording's data",
                     .where = tree_.Where("config.json") + ", links, " + name,
                     .expected = "the name of a folder in data/",
                     .got = folder});
      links_[name] = folder;
    }
  }

  std::string Folder(const std::string& key) const {
    const auto link = links_.find(key);
    return "data/" + (link == links_.end() ? key : link->second);
  }

  // Each data folder has one file a trial, 0.npy to T-1.npy.
  void CheckKeys() {
    for (const char* key : {"images", "responses", "behavior", "pupil_center"}) {
      const std::string folder = Folder(key);
      const std::vector<std::string> files = tree_.Files(folder);
      const bool needed = std::string_view(key) == "images" || std::string_view(key) == "responses";
      if (files.empty() && needed)
        throw Error(
            {.what = fmt::format("no {}", folder),
             .where = tree_.Where(""),
             .expected = fmt::format("{}/0.npy ...", folder),
             .hint = tree_.Files("data/videos").empty()
                         ? "a recording holds at least data/images, data/responses and meta/trials/tiers.npy"
                         : "these are videos: images alone are read"});
      if (files.empty()) continue;
      for (int64_t t = 0; t < trials_; ++t)
        if (!std::binary_search(files.begin(), files.end(), fmt::format("{}.npy", t)))
          throw Error({.what = fmt::format("no file for trial {}", t),
                       .where = tree_.Where(folder),
                       .expected = fmt::format("{} trials, as many as {} has", trials_, kTiersFile),
                       .got = fmt::format("{} files", files.size())});
      if (static_cast<int64_t>(files.size()) > trials_)
        recording_.remarks.push_back(fmt::format("{} has {} files for {} trials: the others are not read",
                                                 folder, files.size(), trials_));
      keys_.emplace_back(key);
    }
  }

  bool HasKey(const char* key) const { return std::find(keys_.begin(), keys_.end(), key) != keys_.end(); }

  NdArray<float> Trial(const std::string& key, int64_t t) const {
    return Numbers<float>(fmt::format("{}/{}.npy", Folder(key), t), kMostTrialBytes);
  }

  void AppendTrial(const char* key, int64_t t, int64_t count, const char* what, NdArray<float>& all) const {
    const NdArray<float> values = Trial(key, t);
    if (static_cast<int64_t>(values.values.size()) != count)
      throw Error({.what = "wrong length",
                   .where = tree_.Where(fmt::format("{}/{}.npy", Folder(key), t)),
                   .expected = fmt::format("{} {}", count, what),
                   .got = FormatShape(values.shape)});
    all.values.insert(all.values.end(), values.values.begin(), values.values.end());
    all.shape = {t + 1, count};
  }

  std::vector<int64_t> ImageIds() const {
    for (const char* name : ImageIdNames()) {
      const std::string file = fmt::format("meta/trials/{}.npy", name);
      if (!tree_.Has(file)) continue;
      if (IsText(file)) {
        const NdArray<std::string> ids = Texts(file);
        RequireShape(ids.shape, {trials_}, file, "an id a trial");
        return NumberTexts(ids.values);
      }
      NdArray<int64_t> ids = Numbers<int64_t>(file);
      RequireShape(ids.shape, {trials_}, file, "an id a trial");
      return std::move(ids.values);
    }
    return {};
  }

  void ReadTrials(const std::string& name) {
    if (trials_ == 0) throw Error({.what = "a recording without trials", .where = tree_.Where(kTiersFile)});
    ShownImages shown(ImageIds(), tree_.Where(Folder("images")));
    const auto neurons = static_cast<int64_t>(Trial("responses", 0).values.size());
    if (neurons > kMostResponses / trials_)
      throw Error({.what = "too many responses for memory",
                   .where = tree_.Where(Folder("responses")),
                   .expected = "at most 2^33 (trials x neurons)",
                   .got = fmt::format("{} x {}", trials_, neurons)});
    Progress progress("read " + name, trials_, "trials");
    for (int64_t t = 0; t < trials_; ++t) {
      NdArray<float> image = Trial("images", t);
      if (image.shape.size() == 2) image.shape.insert(image.shape.begin(), 1);  // one channel, left out
      if (image.shape.size() != 3)
        throw Error({.what = "wrong number of axes",
                     .where = tree_.Where(fmt::format("{}/{}.npy", Folder("images"), t)),
                     .expected = "(channels, height, width)",
                     .got = FormatShape(image.shape)});
      shown.Add(image.shape, image.values);
      AppendTrial("responses", t, neurons, "neurons, as in trial 0", recording_.responses);
      if (HasKey("behavior"))
        AppendTrial("behavior", t, 3, "values: pupil size, its derivative, running speed",
                    recording_.behavior);
      if (HasKey("pupil_center")) AppendTrial("pupil_center", t, 2, "values: x, y", recording_.pupil_center);
      progress.Update(t + 1);
      if (InterruptRequested()) ThrowInterrupted();
    }
    std::move(shown).Finish(recording_);
  }

  void ReadTrialOrder() {
    constexpr const char* kFile = "meta/trials/trial_idx.npy";
    if (!tree_.Has(kFile)) return;
    if (IsText(kFile)) {
      recording_.remarks.emplace_back(kHiddenOrder);
      return;
    }
    const NdArray<int64_t> order = Numbers<int64_t>(kFile);
    RequireShape(order.shape, {trials_}, kFile, "a number a trial");
    SetTrialOrder(order.values, recording_);
  }

  // What is known of the neurons but needed for nothing here: kept where it has one value a neuron.
  void ReadNeurons() {
    const int64_t neurons = recording_.neurons();
    for (const std::string& entry : tree_.Files("meta/neurons")) {
      if (!entry.ends_with(".npy")) continue;
      const std::string file = "meta/neurons/" + entry, name = entry.substr(0, entry.size() - 4);
      if (!sums_.empty()) Bytes(file, kMostTableBytes);  // damage is no table of another shape
      try {
        if (name == "cell_motor_coordinates") {
          recording_.position_um = Numbers<float>(file);
          continue;
        }
        if (IsText(file)) {
          NdArray<std::string> texts = Texts(file);
          RequireShape(texts.shape, {neurons}, file, "a text a neuron");
          recording_.neuron_names[name] = std::move(texts.values);
        } else {
          NdArray<double> numbers = Numbers<double>(file);
          RequireShape(numbers.shape, {neurons}, file, "a number a neuron");
          recording_.neuron_numbers[name] = std::move(numbers.values);
        }
      } catch (const Error& error) {
        if (name == "cell_motor_coordinates") throw;
        recording_.remarks.push_back(fmt::format("{} is not read: {}", file, error.what()));
      }
    }
  }

  void CheckStatistics() {
    constexpr const char* kFile = "meta/statistics/responses/all/std.npy";
    if (!tree_.Has(kFile)) {
      recording_.remarks.emplace_back(kNoStatistics);
      return;
    }
    RequireShape(Numbers<float>(kFile).shape, {recording_.neurons()}, kFile, "a number a neuron");
  }

  void ReadTruth() {
    if (!tree_.Has("truth/responses.npy")) return;
    SetTruth(Numbers<float>("truth/responses.npy"), Numbers<int64_t>("truth/image_ids.npy").values,
             recording_, tree_.Where("truth"));
    for (const std::string& entry : tree_.Files("truth/units"))
      recording_.truth_units[entry.substr(0, entry.rfind('.'))] =
          Numbers<float>("truth/units/" + entry).values;
  }

  FileTree tree_;
  std::map<std::string, std::string> sums_;  // {file: hash}, none for a recording from elsewhere
  Recording recording_;
  int64_t trials_ = 0;
  std::map<std::string, std::string> links_;
  std::vector<std::string> keys_;
};

}  // namespace

std::string DataKey(const std::string& name) {
  constexpr std::string_view kStart = "static";
  if (!name.starts_with(kStart)) return name;
  for (const char* end : {"-GrayImageNet", "-ColorImageNet"})
    if (const size_t at = name.find(end); at != std::string::npos)
      return name.substr(kStart.size(), at - kStart.size());
  return name.substr(kStart.size());
}

Recording ReadSensorium(const fs::path& path) {
  const fs::path whole = fs::absolute(path / "").lexically_normal().parent_path();
  std::string name = whole.filename().string();
  if (name.ends_with(".zip")) name.resize(name.size() - 4);
  FileTree tree = FindRecording(path, name);
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return Reader(std::move(tree)).Read(name);
  const fs::path folder = tree.Where("");
  return ReadThroughCache(folder, [&] { return Reader(std::move(tree)).Read(name); });
}

}  // namespace murine
