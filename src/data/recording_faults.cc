// SPDX-License-Identifier: Apache-2.0
#include "data/recording_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <string_view>

namespace murine {
namespace {

// "neurons that never respond: 3 (4, 17, 203)"; the first few are named.
void AddCulprits(const std::vector<int64_t>& culprits, const std::string& what,
                 std::vector<std::string>& faults) {
  constexpr size_t kNamed = 8;
  if (culprits.empty()) return;
  std::string names;
  for (size_t i = 0; i < std::min(kNamed, culprits.size()); ++i)
    names += fmt::format("{}{}", i == 0 ? "" : ", ", culprits[i]);
  if (culprits.size() > kNamed) names += ", ...";
  faults.push_back(fmt::format("{}: {} ({})", what, culprits.size(), names));
}

void FindNeuronFaults(const Recording& recording, std::vector<std::string>& faults) {
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

void FindTierFaults(const Recording& recording, std::vector<std::string>& faults) {
  const std::vector<Tier> withheld = WithheldTiers(recording);
  for (const auto& [tier, name] : EnumNames(Tier{})) {
    const bool there =
        std::find(recording.tiers.begin(), recording.tiers.end(), tier) != recording.tiers.end();
    if (!there && tier != Tier::kFinalTest) faults.push_back(fmt::format("no {} trials", name));
    if (std::find(withheld.begin(), withheld.end(), tier) != withheld.end())
      faults.push_back(fmt::format(
          "all responses of the {} trials are zero: they are withheld, and nothing is scored on them", name));
  }
}

// FNV-1a over the bits of the values: equal series have equal hashes.
constexpr uint64_t kHashStart = 1469598103934665603u, kHashFactor = 1099511628211u;

void AddToHash(uint64_t& hash, float value) { hash = (hash ^ std::bit_cast<uint32_t>(value)) * kHashFactor; }

// Two units that answer alike in every trial are one that was segmented twice; two trials with the same
// answers of all neurons are one that was written twice.
void FindDuplicates(const Recording& recording, std::vector<std::string>& faults) {
  const int64_t trials = recording.trials(), neurons = recording.neurons();
  if (trials < 2 || neurons < 2) return;
  std::vector<uint64_t> of_neuron(static_cast<size_t>(neurons), kHashStart);
  std::vector<int64_t> twice;
  std::map<uint64_t, int64_t> known;
  for (int64_t t = 0; t < trials; ++t) {
    uint64_t hash = kHashStart;
    const auto responses = recording.response(t);
    for (int64_t a = 0; a < neurons; ++a) {
      AddToHash(hash, responses[a]);
      AddToHash(of_neuron[a], responses[a]);
    }
    const bool silent = std::all_of(responses.begin(), responses.end(), [](float r) { return r == 0; });
    const auto [other, added] = known.try_emplace(hash, t);
    if (!added && !silent &&
        std::equal(responses.begin(), responses.end(), recording.response(other->second).begin()))
      twice.push_back(t);
  }
  AddCulprits(twice, "trials with the responses of another", faults);

  known.clear();
  std::vector<int64_t> copies;
  for (int64_t a = 0; a < neurons; ++a) {
    const auto [other, added] = known.try_emplace(of_neuron[a], a);
    if (added) continue;
    bool equal = true, varies = false;
    for (int64_t t = 0; t < trials; ++t) {
      equal &= recording.response(t)[a] == recording.response(t)[other->second];
      varies |= recording.response(t)[a] != recording.response(0)[a];
    }
    if (equal && varies) copies.push_back(a);
  }
  AddCulprits(copies, "neurons with the responses of another", faults);
}

void FindImageFaults(const Recording& recording, std::vector<std::string>& faults) {
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
                        const std::vector<std::string>& columns, std::vector<std::string>& faults) {
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

}  // namespace

std::vector<std::string> FindFaults(const Recording& recording) {
  std::vector<std::string> faults;
  FindTierFaults(recording, faults);
  FindNeuronFaults(recording, faults);
  FindDuplicates(recording, faults);
  FindImageFaults(recording, faults);
  const auto remarked = [&](std::string_view what) {
    return std::any_of(recording.remarks.begin(), recording.remarks.end(),
                       [&](const std::string& remark) { return remark.starts_with(what); });
  };
  if (recording.has_behavior() || !remarked("behaviour"))
    FindBehaviorFaults(recording.behavior, "behaviour", {"pupil size", "pupil derivative", "running speed"},
                       faults);
  if (recording.has_pupil() || !remarked("pupil centre"))
    FindBehaviorFaults(recording.pupil_center, "pupil centre", {"pupil centre x", "pupil centre y"}, faults);
  if (recording.neurons() == 1) faults.emplace_back("one neuron alone: no similarity can be measured");
  faults.insert(faults.end(), recording.remarks.begin(), recording.remarks.end());
  return faults;
}

std::string FewRepeats(const Reliability& reliability) {
  constexpr int64_t kFew = 10;
  if (!reliability.repeated())
    return "no two images are shown repeatedly: reliability is unknown and every neuron weighs 1";
  if (reliability.images >= kFew) return "";
  return fmt::format("only {} images are shown repeatedly: reliability, weights and FEVE rest on little",
                     reliability.images);
}

}  // namespace murine
