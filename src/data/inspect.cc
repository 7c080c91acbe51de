// SPDX-License-Identifier: Apache-2.0
#include "data/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "data/recording_faults.h"
#include "data/similarity_reliability.h"

namespace murine {
namespace {

// A whole number as such: 10, not 10.0.
Json Number(double value) {
  if (value == std::floor(value)) return static_cast<int64_t>(value);
  return value;
}

std::string FormatFigure(const Json& figure) {
  return figure.is_null() ? "-" : fmt::format("{:.3f}", figure.get<double>());
}

}  // namespace

Inspection InspectRecording(const Recording& recording, uint64_t seed) {
  Inspection inspection{.result = Json::object(), .reliability = MeasureReliability(recording, seed)};
  const Reliability& reliability = inspection.reliability;
  const ImageSet& images = recording.images;
  Json& result = inspection.result;
  result["neurons"] = recording.neurons();
  result["images"] = images.count();
  result["image_size"] = {images.channels, images.height, images.width};
  result["trials"] = Json::object();
  for (const auto& [tier, name] : EnumNames(Tier{}))
    if (const auto count = std::count(recording.tiers.begin(), recording.tiers.end(), tier);
        count > 0 || tier != Tier::kFinalTest)
      result["trials"][std::string(name)] = count;
  result["withheld"] = Json::array();
  for (const Tier tier : WithheldTiers(recording)) result["withheld"].push_back(std::string(NameOf(tier)));
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
  add("sigma", reliability.sigma);
  add("eta", reliability.eta);
  add("signal_to_noise_weight", reliability.w);

  const SimilarityReliability similarity = MeasureSimilarityReliability(recording, reliability.w, seed);
  const auto add_similarity = [&](const char* key, double score) {
    result[key] = similarity.images > 0 ? Json(score) : Json(nullptr);
  };
  add_similarity("similarity_reliability", similarity.weighted);
  add_similarity("similarity_reliability_unweighted", similarity.unweighted);
  add_similarity("similarity_reliability_zscored", similarity.zscored);
  result["behavior"] = recording.has_behavior();
  result["pupil_center"] = recording.has_pupil();
  result["ground_truth"] = !recording.truth.values.empty();

  Json& faults = result["faults"] = Json::array();
  if (const std::string few = FewRepeats(reliability); !few.empty()) faults.push_back(few);
  for (const std::string& fault : FindFaults(recording)) faults.push_back(fault);
  return inspection;
}

Json Inspect(const Recording& recording, uint64_t seed) { return InspectRecording(recording, seed).result; }

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
  std::string tiers;
  for (const auto& [tier, count] : trials.items())
    tiers += fmt::format("{}{} {}", tiers.empty() ? "" : ", ", count.dump(), tier);
  line("trials", tiers);
  line("repeated images", inspection["repeated_images"].dump());
  const Json& repeats = inspection["repeats"];
  line("repeats", repeats.is_null() ? "-" : fmt::format("{:.4g}", repeats.get<double>()));
  line("split-half reliability", FormatFigure(inspection["split_half_reliability"]));
  line("  with Spearman-Brown", FormatFigure(inspection["split_half_spearman_brown"]));
  line("oracle correlation", FormatFigure(inspection["oracle_correlation"]));
  line("  conservative", FormatFigure(inspection["oracle_correlation_conservative"]));
  line("fraction of explainable variance", FormatFigure(inspection["fev"]));
  line("weight sigma / eta", FormatFigure(inspection["signal_to_noise_weight"]));
  line("similarity reliability", FormatFigure(inspection["similarity_reliability"]));
  line("  without weights", FormatFigure(inspection["similarity_reliability_unweighted"]));
  line("  z-scored, across neurons", FormatFigure(inspection["similarity_reliability_zscored"]));
  const auto there = [&](const char* key) { return inspection[key].get<bool>() ? "yes" : "no"; };
  line("behaviour, pupil centre", fmt::format("{}, {}", there("behavior"), there("pupil_center")));
  line("ground truth", there("ground_truth"));
  for (const Json& fault : inspection["faults"]) line("fault", fault.get<std::string>());
  return text;
}

}  // namespace murine
