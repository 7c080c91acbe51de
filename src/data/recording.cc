// SPDX-License-Identifier: Apache-2.0
#include "data/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace murine {
namespace {

std::string At(const std::string& where, const std::string& part) {
  return where.empty() ? part : where + " " + part;
}

void CheckShape(const NdArray<float>& array, const std::vector<int64_t>& expected, const std::string& where,
                const std::string& what) {
  if (array.shape != expected)
    throw Error({.what = what + " have the wrong shape",
                 .where = where,
                 .expected = FormatShape(expected),
                 .got = FormatShape(array.shape)});
  if (static_cast<int64_t>(array.values.size()) != CountOf(expected, where))
    throw Error({.what = what + " are incomplete",
                 .where = where,
                 .expected = fmt::format("{} values", CountOf(expected, where)),
                 .got = std::to_string(array.values.size())});
}

enum class Sign { kAny, kNotNegative };

// `row_name` and `column_name` say what the axes are, so that the message points at the culprit.
void CheckValues(const NdArray<float>& array, Sign sign, const std::string& where,
                 const std::string& row_name, const std::string& column_name) {
  const int64_t columns = array.row_size();
  for (size_t i = 0; i < array.values.size(); ++i) {
    const float value = array.values[i];
    if (std::isfinite(value) && (sign == Sign::kAny || value >= 0)) continue;
    const auto at = static_cast<int64_t>(i);
    const char* fault = std::isnan(value)   ? "a value is NaN"
                        : std::isinf(value) ? "a value is infinite"
                                            : "a value is negative";
    throw Error(
        {.what = fault,
         .where = At(where, fmt::format("{} {}, {} {}", row_name, at / columns, column_name, at % columns)),
         .expected = sign == Sign::kAny ? "finite numbers" : "finite numbers >= 0",
         .got = fmt::format("{}", value)});
  }
}

void CheckImages(const Recording& recording, const std::string& where) {
  const ImageSet& images = recording.images;
  const int64_t count = images.count();
  if (count == 0 || images.image_size() <= 0)
    throw Error({.what = "a recording without images", .where = where});
  if (static_cast<int64_t>(images.bytes.size()) != count * images.image_size())
    throw Error({.what = "the images of a recording are not 8-bit images of one size", .where = where});
  if (static_cast<int64_t>(recording.image_ids.size()) != count)
    throw Error({.what = "images and image ids differ in number",
                 .where = where,
                 .expected = fmt::format("{} ids", count),
                 .got = std::to_string(recording.image_ids.size())});
  for (size_t i = 1; i < recording.image_ids.size(); ++i)
    if (recording.image_ids[i] <= recording.image_ids[i - 1])
      throw Error({.what = "image ids are not ascending",
                   .where = At(where, fmt::format("image {}", i)),
                   .got = fmt::format("{} after {}", recording.image_ids[i], recording.image_ids[i - 1])});
}

void CheckTrials(const Recording& recording, const std::string& where) {
  const int64_t trials = recording.trials();
  if (trials == 0) throw Error({.what = "a recording without trials", .where = where});
  if (static_cast<int64_t>(recording.tiers.size()) != trials)
    throw Error({.what = "trials and tiers differ in number",
                 .where = where,
                 .expected = fmt::format("{} tiers", trials),
                 .got = std::to_string(recording.tiers.size())});
  if (!recording.trial_order.empty() && static_cast<int64_t>(recording.trial_order.size()) != trials)
    throw Error({.what = "trials and their order differ in number",
                 .where = At(where, "trial_idx"),
                 .expected = std::to_string(trials),
                 .got = std::to_string(recording.trial_order.size())});
  std::vector<bool> shown(recording.image_ids.size());
  for (int64_t t = 0; t < trials; ++t) {
    const int64_t image = recording.trial_image[t];
    if (image < 0 || image >= recording.images.count())
      throw Error({.what = "a trial shows an image that is not there",
                   .where = At(where, fmt::format("trial {}", t)),
                   .expected = fmt::format("0 to {}", recording.images.count() - 1),
                   .got = std::to_string(image)});
    shown[image] = true;
  }
  for (size_t i = 0; i < shown.size(); ++i)
    if (!shown[i])
      throw Error({.what = "an image is never shown",
                   .where = At(where, fmt::format("image id {}", recording.image_ids[i]))});
}

}  // namespace

std::span<const float> Recording::response(int64_t trial) const {
  return std::span(responses.values).subspan(trial * neurons(), neurons());
}

std::vector<int64_t> Recording::TrialsOf(Tier tier) const {
  std::vector<int64_t> found;
  for (const Tier withheld : WithheldTiers(*this))
    if (withheld == tier) return found;
  for (int64_t t = 0; t < trials(); ++t)
    if (tiers[t] == tier) found.push_back(t);
  return found;
}

std::vector<Tier> WithheldTiers(const Recording& recording) {
  std::vector<Tier> withheld;
  bool answered = false;
  for (const auto& [tier, name] : EnumNames(Tier{})) {
    bool there = false, zero = true;
    for (int64_t t = 0; t < recording.trials() && zero; ++t) {
      if (recording.tiers[t] != tier) continue;
      there = true;
      const auto responses = recording.response(t);
      zero = std::all_of(responses.begin(), responses.end(), [](float r) { return r == 0; });
    }
    if (there && zero) withheld.push_back(tier);
    answered |= there && !zero;
  }
  if (!answered) withheld.clear();  // a silent recording is a fault of its own
  return withheld;
}

std::vector<bool> WithheldTrials(const Recording& recording) {
  const std::vector<Tier> tiers = WithheldTiers(recording);
  std::vector<bool> withheld;
  for (const Tier tier : recording.tiers)
    withheld.push_back(std::find(tiers.begin(), tiers.end(), tier) != tiers.end());
  return withheld;
}

void CheckRecording(const Recording& recording, const std::string& where) {
  CheckImages(recording, where);
  CheckTrials(recording, where);

  const int64_t trials = recording.trials(), neurons = recording.neurons();
  if (neurons == 0) throw Error({.what = "a recording without neurons", .where = where});
  CheckShape(recording.responses, {trials, neurons}, At(where, "/responses"), "responses");
  CheckValues(recording.responses, Sign::kNotNegative, At(where, "/responses"), "trial", "neuron");

  if (recording.has_behavior()) {
    CheckShape(recording.behavior, {trials, 3}, At(where, "/behavior"), "behaviour values");
    CheckValues(recording.behavior, Sign::kAny, At(where, "/behavior"), "trial", "column");
  }
  if (recording.has_pupil()) {
    CheckShape(recording.pupil_center, {trials, 2}, At(where, "/pupil_center"), "pupil centres");
    CheckValues(recording.pupil_center, Sign::kAny, At(where, "/pupil_center"), "trial", "column");
  }
  if (!recording.position_um.values.empty()) {
    const std::string part = At(where, "/neurons/cell_motor_coordinates");
    CheckShape(recording.position_um, {neurons, 3}, part, "cell positions");
    CheckValues(recording.position_um, Sign::kAny, part, "neuron", "column");
  }
  if (!recording.truth.values.empty()) {
    const std::string part = At(where, "/truth/responses");
    CheckShape(recording.truth, {recording.images.count(), neurons}, part, "true responses");
    CheckValues(recording.truth, Sign::kNotNegative, part, "image", "neuron");
  }
  const auto check_columns = [&](const auto& columns, const std::string& part) {
    for (const auto& [name, values] : columns)
      if (static_cast<int64_t>(values.size()) != neurons)
        throw Error({.what = "wrong number of values",
                     .where = At(where, part + name),
                     .expected = fmt::format("{}, one a neuron", neurons),
                     .got = std::to_string(values.size())});
  };
  check_columns(recording.truth_units, "/truth/units/");
  check_columns(recording.neuron_numbers, "/neurons/");
  check_columns(recording.neuron_names, "/neurons/");
}

Repeats RepeatedImages(const Recording& recording, size_t least) {
  const std::vector<bool> withheld = WithheldTrials(recording);
  std::vector<std::vector<int64_t>> trials_of(recording.image_ids.size());
  for (int64_t t = 0; t < recording.trials(); ++t)
    if (!withheld[t]) trials_of[recording.trial_image[t]].push_back(t);
  if (!recording.trial_order.empty())
    for (std::vector<int64_t>& trials : trials_of)
      std::stable_sort(trials.begin(), trials.end(), [&](int64_t a, int64_t b) {
        return recording.trial_order[a] < recording.trial_order[b];
      });
  Repeats repeats;
  for (size_t i = 0; i < trials_of.size(); ++i) {
    if (trials_of[i].size() < least) continue;
    repeats.images.push_back(static_cast<int64_t>(i));
    repeats.trials.push_back(std::move(trials_of[i]));
  }
  return repeats;
}

}  // namespace murine
