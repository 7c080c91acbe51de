// SPDX-License-Identifier: Apache-2.0
#include "data/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "data/reliability.h"

namespace murine {
namespace {

constexpr std::array kTiers = {Tier::kTrain, Tier::kValidation, Tier::kTest};

// "neurons that never respond: 3 (4, 17, 203)"; the first few are named.
void AddCulprits(const std::vector<int64_t>& culprits, const std::string& what, Json& faults) {
  constexpr size_t kNamed = 8;
  if (culprits.empty()) return;
  std::string names;
  for (size_t i = 0; i < std::min(kNamed, culprits.size()); ++i)
    names += fmt::format("{}{}", i == 0 ? "" : ", ", culprits[i]);
  if (culprits.size() > kNamed) names += ", ...";
  faults.push_back(fmt::format("{}: {} ({})", what, culprits.size(), names));
}

void FindNeuronFaults(const Recording& recording, Json& faults) {
  const int64_t neurons = recording.neurons();
  std::vector<float> lowest(recording.response(0).begin(), recording.response(0).end());
  std::vector<float> highest = lowest;
  for (int64_t t = 1; t < recording.trials(); ++t)
    for (int64_t a = 0; a < neurons; ++a) {
      lowest[a] = std::min(lowest[a], recording.response(t)[a]);
      highest[a] = std::max(highest[a], recording.response(t)[a]);
    }
  std::vector<int64_t> silent, stuck;
  for (int64_t a = 0; a < neurons; ++a) {
    if (highest[a] == 0)
      silent.push_back(a);
    else if (lowest[a] == highest[a] && recording.trials() > 1)
      stuck.push_back(a);
  }
  AddCulprits(silent, "neurons that never respond", faults);
  AddCulprits(stuck, "neurons that respond the same in every trial", faults);
}

// Published scans of competitions keep trials whose responses are set to zero.
void FindWithheldTiers(const Recording& recording, Json& faults) {
  for (const Tier tier : kTiers) {
    const std::vector<int64_t> trials = recording.TrialsOf(tier);
    const bool zero = std::all_of(trials.begin(), trials.end(), [&](int64_t t) {
      const auto responses = recording.response(t);
      return std::all_of(responses.begin(), responses.end(), [](float r) { return r == 0; });
    });
    if (trials.empty())
      faults.push_back(fmt::format("no {} trials", NameOf(tier)));
    else if (zero)
      faults.push_back(fmt::format("all responses of the {} trials are zero: withheld?", NameOf(tier)));
  }
}

void FindImageFaults(const Recording& recording, Json& faults) {
  const int64_t size = recording.images.image_size();
  std::vector<int64_t> constant, copies;
  std::set<std::string_view> seen;
  const auto* bytes = reinterpret_cast<const char*>(recording.images.bytes.data());
  for (size_t i = 0; i < recording.image_ids.size(); ++i) {
    const std::string_view image(bytes + static_cast<int64_t>(i) * size, static_cast<size_t>(size));
    if (image.find_first_not_of(image[0]) == std::string_view::npos)
      constant.push_back(recording.image_ids[i]);
    if (!seen.insert(image).second) copies.push_back(recording.image_ids[i]);
  }
  AddCulprits(constant, "constant images, by id", faults);
  AddCulprits(copies, "images with the pixels of another, by id", faults);

  std::map<int64_t, std::set<Tier>> tiers_of;
  for (int64_t t = 0; t < recording.trials(); ++t)
    tiers_of[recording.image_ids[recording.trial_image[t]]].insert(recording.tiers[t]);
  std::vector<int64_t> mixed;
  for (const auto& [id, tiers] : tiers_of)
    if (tiers.size() > 1) mixed.push_back(id);
  AddCulprits(mixed, "images in more than one tier, by id", faults);
}

void FindBehaviorFaults(const NdArray<float>& values, const std::string& what,
                        const std::vector<std::string>& columns, Json& faults) {
  if (values.values.empty()) {
    faults.push_back("no " + what);
    return;
  }
  const auto width = static_cast<int64_t>(columns.size());
  for (int64_t c = 0; c < width; ++c) {
    bool varies = false;
    for (int64_t t = 1; t < values.rows(); ++t) varies |= values.values[t * width + c] != values.values[c];
    if (!varies) faults.push_back(columns[c] + " never changes");
  }
}

// A whole number as such: 10, not 10.0.
Json Number(double value) {
  if (value == std::floor(value)) return static_cast<int64_t>(value);
  return value;
}

std::string FormatFigure(const Json& figure) {
  return figure.is_null() ? "-" : fmt::format("{:.3f}", figure.get<double>());
}

}  // namespace

Json Inspect(const Recording& recording, uint64_t seed) {
  const Reliability reliability = MeasureReliability(recording, seed);
  const ImageSet& images = recording.images;
  Json result;
  result["neurons"] = recording.neurons();
  result["images"] = images.count();
  result["image_size"] = {images.channels, images.height, images.width};
  result["trials"] = Json::object();
  for (const Tier tier : kTiers)
    result["trials"][std::string(NameOf(tier))] = recording.TrialsOf(tier).size();
  result["repeated_images"] = reliability.images;
  result["repeats"] = reliability.repeated() ? Number(reliability.repeats) : Json(nullptr);

  const auto add = [&](const char* key, const std::vector<double>& scores) {
    result[key] = reliability.repeated() ? Json(Mean(scores)) : Json(nullptr);
  };
  add("split_half_reliability", reliability.split_half);
  add("split_half_spearman_brown", reliability.split_half_spearman_brown);
  add("oracle_correlation", reliability.oracle);
  add("oracle_correlation_conservative", reliability.oracle_conservative);
  add("fev", reliability.fev);
  add("signal_to_noise_weight", reliability.w);
  result["behavior"] = recording.has_behavior();
  result["pupil_center"] = recording.has_pupil();
  result["ground_truth"] = !recording.truth.values.empty();

  Json faults = Json::array();
  if (!reliability.repeated())
    faults.push_back("no two images are shown repeatedly: reliability is unknown and every neuron weighs 1");
  FindWithheldTiers(recording, faults);
  FindNeuronFaults(recording, faults);
  FindImageFaults(recording, faults);
  FindBehaviorFaults(recording.behavior, "behaviour", {"pupil size", "pupil derivative", "running speed"},
                     faults);
  FindBehaviorFaults(recording.pupil_center, "pupil centre", {"pupil centre x", "pupil centre y"}, faults);
  result["faults"] = faults;
  return result;
}

std::string FormatInspection(const Json& inspection) {
  std::string text;
  const auto line = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{:<34}{}\n", name, value);
  };
  const Json& size = inspection["image_size"];
  const Json& trials = inspection["trials"];
  line("neurons", inspection["neurons"].dump());
  line("images",
       fmt::format("{} of {} x {} pixels", inspection["images"].dump(), size[1].dump(), size[2].dump()));
  line("trials", fmt::format("{} train, {} validation, {} test", trials["train"].dump(),
                             trials["validation"].dump(), trials["test"].dump()));
  line("repeated images", inspection["repeated_images"].dump());
  const Json& repeats = inspection["repeats"];
  line("repeats", repeats.is_null() ? "-" : fmt::format("{:.4g}", repeats.get<double>()));
  line("split-half reliability", FormatFigure(inspection["split_half_reliability"]));
  line("  with Spearman-Brown", FormatFigure(inspection["split_half_spearman_brown"]));
  line("oracle correlation", FormatFigure(inspection["oracle_correlation"]));
  line("  conservative", FormatFigure(inspection["oracle_correlation_conservative"]));
  line("fraction of explainable variance", FormatFigure(inspection["fev"]));
  line("weight sigma / eta", FormatFigure(inspection["signal_to_noise_weight"]));
  const auto there = [&](const char* key) { return inspection[key].get<bool>() ? "yes" : "no"; };
  line("behaviour, pupil centre", fmt::format("{}, {}", there("behavior"), there("pupil_center")));
  line("ground truth", there("ground_truth"));
  for (const Json& fault : inspection["faults"]) line("fault", fault.get<std::string>());
  return text;
}

}  // namespace murine
