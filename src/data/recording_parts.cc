// SPDX-License-Identifier: Apache-2.0
#include "data/recording_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <string_view>

#include "base/error.h"

namespace murine {

std::span<const char* const> ImageIdNames() {
  static constexpr std::array kNames = {"image_id", "colorframeprojector_image_id", "frame_image_id"};
  return kNames;
}

std::vector<Tier> ParseTiers(const std::vector<std::string>& names, const std::string& where) {
  std::vector<Tier> tiers;
  for (const std::string& name : names)
    tiers.push_back(name == "live_test"
                        ? Tier::kTest
                        : EnumFromName<Tier>(name, "tier", fmt::format("{} trial {}", where, tiers.size())));
  return tiers;
}

std::vector<int64_t> NumberTexts(const std::vector<std::string>& texts) {
  std::map<std::string_view, int64_t> numbers;
  for (const std::string& text : texts) numbers[text] = 0;
  int64_t next = 0;
  for (auto& [text, number] : numbers) number = next++;
  std::vector<int64_t> result;
  for (const std::string& text : texts) result.push_back(numbers[text]);
  return result;
}

void SetTrialOrder(const std::vector<int64_t>& trial_idx, Recording& recording) {
  if (std::is_sorted(trial_idx.begin(), trial_idx.end())) return;
  std::vector<int64_t> order(trial_idx.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return trial_idx[a] < trial_idx[b]; });
  recording.trial_order.resize(order.size());
  for (size_t rank = 0; rank < order.size(); ++rank)
    recording.trial_order[order[rank]] = static_cast<int64_t>(rank);
}

void SetTruth(const NdArray<float>& stored, const std::vector<int64_t>& ids, Recording& recording,
              const std::string& where) {
  const int64_t neurons = recording.neurons();
  const std::vector<int64_t> expected = {recording.images.count(), neurons};
  if (stored.shape != expected)
    throw Error({.what = "true responses have the wrong shape",
                 .where = where + "/responses",
                 .expected = FormatShape(expected),
                 .got = FormatShape(stored.shape)});
  std::vector<int64_t> sorted = ids;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != recording.image_ids)
    throw Error({.what = "true responses and recording are not about the same images",
                 .where = where + "/image_ids"});
  recording.truth = {.shape = expected, .values = std::vector<float>(stored.values.size())};
  for (size_t row = 0; row < ids.size(); ++row) {
    const auto image = std::lower_bound(sorted.begin(), sorted.end(), ids[row]) - sorted.begin();
    std::copy_n(stored.values.begin() + static_cast<int64_t>(row) * neurons, neurons,
                recording.truth.values.begin() + image * neurons);
  }
}

void DropWithheldBehavior(Recording& recording) {
  const auto drop = [&](NdArray<float>& array, const char* what) {
    if (array.values.empty()) return;
    if (!std::all_of(array.values.begin(), array.values.end(), [](float x) { return x == 0; })) return;
    array = {};
    recording.remarks.push_back(
        fmt::format("{} is zero in every trial, as where it is withheld: taken as not recorded", what));
  };
  drop(recording.behavior, "behaviour");
  drop(recording.pupil_center, "pupil centre");
}

}  // namespace murine
