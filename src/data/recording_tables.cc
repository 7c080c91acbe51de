// SPDX-License-Identifier: Apache-2.0
#include "data/recording_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace murine {
namespace {

struct Statistics {
  double mean = 0, std = 0, min = 0, max = 0, median = 0;
};

// Each value counts `counts[i]` times; 256 grey levels stand for all pixels of all trials.
Statistics Describe(std::vector<std::pair<double, int64_t>> counted) {
  std::sort(counted.begin(), counted.end());
  Statistics result;
  int64_t total = 0;
  for (const auto& [value, count] : counted) total += count;
  const auto n = static_cast<double>(total);
  for (const auto& [value, count] : counted) result.mean += value * static_cast<double>(count) / n;
  for (const auto& [value, count] : counted)
    result.std += (value - result.mean) * (value - result.mean) * static_cast<double>(count) / n;
  result.std = std::sqrt(result.std);
  const auto at = [&](int64_t rank) {
    int64_t before = 0;
    for (const auto& [value, count] : counted)
      if ((before += count) > rank) return value;
    return 0.0;
  };
  result.median = (at((total - 1) / 2) + at(total / 2)) / 2;
  result.min = at(0);
  result.max = at(total - 1);
  return result;
}

std::vector<Statistics> DescribeColumns(const NdArray<float>& array) {
  std::vector<Statistics> columns;
  const int64_t width = array.row_size();
  for (int64_t c = 0; c < width; ++c) {
    std::vector<std::pair<double, int64_t>> column;
    for (int64_t r = 0; r < array.rows(); ++r) column.emplace_back(array.values[r * width + c], 1);
    columns.push_back(Describe(std::move(column)));
  }
  return columns;
}

Statistics DescribePixels(const Recording& recording) {
  const ImageSet& images = recording.images;
  std::array<int64_t, 256> counts{};
  for (const int64_t image : recording.trial_image)
    for (int64_t p = 0; p < images.image_size(); ++p)
      ++counts[images.bytes[static_cast<size_t>(image * images.image_size() + p)]];
  std::vector<std::pair<double, int64_t>> counted;
  for (size_t level = 0; level < counts.size(); ++level)
    if (counts[level] > 0) counted.emplace_back(static_cast<double>(level), counts[level]);
  return Describe(std::move(counted));
}

// KEY/{all,stimulus_frame}/{mean,...}. Both sources are the same here, for every trial shows a picture.
void AddStatistics(const std::string& key, const std::vector<Statistics>& columns,
                   std::map<std::string, Table>& tables) {
  constexpr std::array<std::pair<const char*, double Statistics::*>, 5> kMembers = {
      {{"mean", &Statistics::mean},
       {"std", &Statistics::std},
       {"min", &Statistics::min},
       {"max", &Statistics::max},
       {"median", &Statistics::median}}};
  for (const char* source : {"all", "stimulus_frame"})
    for (const auto& [name, member] : kMembers) {
      std::vector<float> values;
      for (const Statistics& column : columns) values.push_back(static_cast<float>(column.*member));
      tables[fmt::format("{}/{}/{}", key, source, name)] = {{static_cast<int64_t>(values.size())}, values};
    }
}

std::vector<int64_t> CountUp(int64_t count) {
  std::vector<int64_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

// Whole numbers are written as such.
Table NumberTable(const std::vector<double>& values) {
  const std::vector<int64_t> shape = {static_cast<int64_t>(values.size())};
  constexpr double kExact = 9007199254740992;  // 2^53
  if (!std::all_of(values.begin(), values.end(),
                   [](double x) { return x == std::floor(x) && std::abs(x) < kExact; }))
    return {shape, values};
  return {shape, std::vector<int64_t>(values.begin(), values.end())};
}

}  // namespace

std::vector<std::string> TierNames(const Recording& recording) {
  std::vector<std::string> names;
  for (const Tier tier : recording.tiers) names.emplace_back(NameOf(tier));
  return names;
}

RecordingTables MakeTables(const Recording& recording) {
  RecordingTables tables;
  const int64_t trials = recording.trials(), neurons = recording.neurons();
  std::vector<int64_t> ids;
  for (const int64_t image : recording.trial_image) ids.push_back(recording.image_ids[image]);
  tables.trials["frame_image_id"] = {{trials}, ids};
  tables.trials["trial_idx"] = {{trials},
                                recording.trial_order.empty() ? CountUp(trials) : recording.trial_order};

  for (const auto& [name, values] : recording.neuron_numbers) tables.neurons[name] = NumberTable(values);
  for (const auto& [name, values] : recording.neuron_names) tables.neurons[name] = {{neurons}, values};
  tables.neurons.try_emplace("unit_ids", Table{{neurons}, CountUp(neurons)});
  if (!recording.position_um.values.empty())
    tables.neurons["cell_motor_coordinates"] = {recording.position_um.shape, recording.position_um.values};

  AddStatistics("images", {DescribePixels(recording)}, tables.statistics);
  AddStatistics("responses", DescribeColumns(recording.responses), tables.statistics);
  if (recording.has_behavior())
    AddStatistics("behavior", DescribeColumns(recording.behavior), tables.statistics);
  if (recording.has_pupil())
    AddStatistics("pupil_center", DescribeColumns(recording.pupil_center), tables.statistics);

  if (recording.truth.values.empty()) return tables;
  tables.truth["responses"] = {recording.truth.shape, recording.truth.values};
  tables.truth["image_ids"] = {{recording.images.count()}, recording.image_ids};
  for (const auto& [name, values] : recording.truth_units)
    tables.truth["units/" + name] = {{neurons}, values};
  return tables;
}

}  // namespace murine
