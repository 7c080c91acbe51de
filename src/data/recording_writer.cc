// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <type_traits>
#include <variant>

#include "base/error.h"
#include "data/recording_tables.h"
#include "data/sensorium.h"
#include "io/artifact.h"
#include "io/hdf5.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

void WriteArray(Hdf5File& file, const std::string& dataset, const NdArray<float>& array) {
  if (!array.values.empty()) file.Write<float>(dataset, array.shape, array.values);
}

void WriteTables(Hdf5File& file, const std::string& group, const std::map<std::string, Table>& tables) {
  for (const auto& [name, table] : tables)
    std::visit(
        [&, &shape = table.shape, dataset = group + "/" + name](const auto& values) {
          using T = typename std::decay_t<decltype(values)>::value_type;
          if constexpr (std::is_same_v<T, std::string>)
            file.WriteStrings(dataset, values);
          else
            file.Write<T>(dataset, shape, values);
        },
        table.values);
}

void WriteHdf5(const fs::path& path, const Recording& recording, const std::string& config_json) {
  const ImageSet& images = recording.images;
  const int64_t size = images.image_size();
  std::vector<uint8_t> pixels;
  pixels.reserve(static_cast<size_t>(recording.trials() * size));
  for (const int64_t image : recording.trial_image) {
    const auto first = images.bytes.begin() + image * size;
    pixels.insert(pixels.end(), first, first + size);
  }
  Hdf5File file = Hdf5File::Create(path);
  file.SetAttribute("config", config_json);
  file.Write<uint8_t>("/images", {recording.trials(), images.channels, images.height, images.width}, pixels);
  WriteArray(file, "/responses", recording.responses);
  WriteArray(file, "/behavior", recording.behavior);
  WriteArray(file, "/pupil_center", recording.pupil_center);
  file.WriteStrings("/tiers", TierNames(recording));
  const RecordingTables tables = MakeTables(recording);
  WriteTables(file, "/item_info", tables.trials);
  WriteTables(file, "/neurons", tables.neurons);
  WriteTables(file, "/statistics", tables.statistics);
  WriteTables(file, "/truth", tables.truth);
  file.Commit();
}

bool NamesFolder(const fs::path& path) {
  std::error_code ignored;
  return !path.has_filename() || fs::is_directory(path, ignored);
}

// Of the recording that is there.
Json StoredConfig(const fs::path& path) {
  if (NamesFolder(path)) return SensoriumConfig(path);
  const std::string stored = Hdf5File::Open(path).Attribute("config");
  return stored.empty() ? Json::object() : ParseJson(stored, path.string());
}

}  // namespace

void WriteRecording(const fs::path& path, const Recording& recording, const std::string& config_json) {
  CheckRecording(recording, recording.name);
  if (NamesFolder(path))
    WriteSensorium(path, recording, config_json);
  else
    WriteHdf5(path, recording, config_json);
}

void WriteRecordingOnce(const fs::path& path, const Json& config, const std::function<Recording()>& make) {
  if (fs::exists(path)) return RefuseOtherConfig(StoredConfig(path), config, path);
  RequireWritable(path);
  WriteRecording(path, make(), config.dump());
}

}  // namespace murine
