// SPDX-License-Identifier: Apache-2.0
// Writes HDF5 recordings. What each dataset holds stands in docs/formats.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "data/recording.h"
#include "io/artifact.h"
#include "io/hdf5.h"

namespace murine {
namespace {

struct Statistics {
  double mean = 0, std = 0, min = 0, max = 0, median = 0;
};

Statistics Describe(std::vector<float> values) {
  Statistics result;
  const auto n = static_cast<double>(values.size());
  for (const float value : values) result.mean += value / n;
  for (const float value : values) result.std += (value - result.mean) * (value - result.mean) / n;
  result.std = std::sqrt(result.std);
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  result.median = *middle;
  if (values.size() % 2 == 0) result.median = (result.median + *std::max_element(values.begin(), middle)) / 2;
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  result.min = *lowest;
  result.max = *highest;
  return result;
}

// /statistics/<key>/{all,stimulus_frame}/{mean,...}: [column] each. Both sources are the same here, for every
// trial shows a picture.
void WriteStatistics(Hdf5File& file, const std::string& key, const std::vector<Statistics>& columns) {
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
      file.Write<float>(fmt::format("/statistics/{}/{}/{}", key, source, name),
                        {static_cast<int64_t>(values.size())}, values);
    }
}

std::vector<Statistics> DescribeColumns(const NdArray<float>& array) {
  std::vector<Statistics> columns;
  const int64_t width = array.row_size();
  std::vector<float> column(static_cast<size_t>(array.rows()));
  for (int64_t c = 0; c < width; ++c) {
    for (int64_t r = 0; r < array.rows(); ++r) column[r] = array.values[r * width + c];
    columns.push_back(Describe(column));
  }
  return columns;
}

void WriteArray(Hdf5File& file, const std::string& dataset, const NdArray<float>& array) {
  if (!array.values.empty()) file.Write<float>(dataset, array.shape, array.values);
}

std::vector<int64_t> CountUp(int64_t count) {
  std::vector<int64_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

}  // namespace

void WriteRecording(const std::filesystem::path& path, const Recording& recording,
                    const std::string& config_json) {
  CheckRecording(recording, recording.name);
  const ImageSet& images = recording.images;
  const int64_t trials = recording.trials(), neurons = recording.neurons(), size = images.image_size();

  std::vector<uint8_t> pixels;
  std::vector<int64_t> ids;
  std::vector<std::string> tiers;
  std::vector<float> grey_levels;  // of all trials, for the statistics
  for (int64_t t = 0; t < trials; ++t) {
    const int64_t image = recording.trial_image[t];
    const auto first = images.bytes.begin() + image * size;
    pixels.insert(pixels.end(), first, first + size);
    ids.push_back(recording.image_ids[image]);
    tiers.emplace_back(NameOf(recording.tiers[t]));
  }
  grey_levels.assign(pixels.begin(), pixels.end());

  Hdf5File file = Hdf5File::Create(path);
  file.SetAttribute("config", config_json);
  file.Write<uint8_t>("/images", {trials, images.channels, images.height, images.width}, pixels);
  WriteArray(file, "/responses", recording.responses);
  WriteArray(file, "/behavior", recording.behavior);
  WriteArray(file, "/pupil_center", recording.pupil_center);
  file.WriteStrings("/tiers", tiers);
  file.Write<int64_t>("/item_info/frame_image_id", {trials}, ids);
  file.Write<int64_t>("/item_info/trial_idx", {trials}, CountUp(trials));
  file.Write<int64_t>("/neurons/unit_ids", {neurons}, CountUp(neurons));
  WriteArray(file, "/neurons/cell_motor_coordinates", recording.position_um);

  WriteStatistics(file, "images", {Describe(std::move(grey_levels))});
  WriteStatistics(file, "responses", DescribeColumns(recording.responses));
  if (recording.has_behavior()) WriteStatistics(file, "behavior", DescribeColumns(recording.behavior));
  if (recording.has_pupil()) WriteStatistics(file, "pupil_center", DescribeColumns(recording.pupil_center));

  if (!recording.truth.values.empty()) {
    WriteArray(file, "/truth/responses", recording.truth);
    file.Write<int64_t>("/truth/image_ids", {images.count()}, recording.image_ids);
    for (const auto& [name, values] : recording.truth_units)
      file.Write<float>("/truth/units/" + name, {neurons}, values);
  }
  file.Commit();
}

void WriteRecordingOnce(const std::filesystem::path& path, const Json& config,
                        const std::function<Recording()>& make) {
  if (!std::filesystem::exists(path)) return WriteRecording(path, make(), config.dump());
  const std::string stored = Hdf5File::Open(path).Attribute("config");
  RefuseOtherConfig(stored.empty() ? Json::object() : ParseJson(stored, path.string()), config, path);
}

}  // namespace murine
