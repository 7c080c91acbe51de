// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <type_traits>
#include <variant>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "data/recording_tables.h"
#include "data/sensorium.h"
#include "io/atomic_folder.h"
#include "io/file.h"
#include "io/integrity.h"
#include "io/npy.h"

namespace murine {
namespace {

// "responses/all/std" of the group "meta/statistics".
void WriteTables(AtomicFolder& folder, const std::string& group, const std::map<std::string, Table>& tables) {
  for (const auto& [name, table] : tables)
    std::visit(
        [&, &shape = table.shape, file = group + "/" + name + ".npy"](const auto& values) {
          using T = typename std::decay_t<decltype(values)>::value_type;
          if constexpr (std::is_same_v<T, std::string>)
            folder.Write(file, FormatNpyStrings(values));
          else
            folder.Write(file, FormatNpy<T>(shape, values));
        },
        table.values);
}

void WriteTrial(AtomicFolder& folder, const char* key, int64_t trial, const NdArray<float>& all) {
  if (all.values.empty()) return;
  const int64_t size = all.row_size();
  folder.Write(fmt::format("data/{}/{}.npy", key, trial),
               FormatNpy<float>({size}, std::span(all.values).subspan(trial * size, size)));
}

}  // namespace

void WriteSensorium(const std::filesystem::path& path, const Recording& recording,
                    const std::string& config_json) {
  AtomicFolder folder(path);
  const ImageSet& images = recording.images;
  const int64_t trials = recording.trials(), size = images.image_size();
  Progress progress("write " + path.string(), trials, "trials");
  for (int64_t t = 0; t < trials; ++t) {
    const auto pixels = std::span(images.bytes).subspan(recording.trial_image[t] * size, size);
    folder.Write(fmt::format("data/images/{}.npy", t),
                 FormatNpy<uint8_t>({images.channels, images.height, images.width}, pixels));
    WriteTrial(folder, "responses", t, recording.responses);
    WriteTrial(folder, "behavior", t, recording.behavior);
    WriteTrial(folder, "pupil_center", t, recording.pupil_center);
    progress.Update(t + 1);
    if (InterruptRequested()) ThrowInterrupted();
  }
  const RecordingTables tables = MakeTables(recording);
  WriteTables(folder, "meta/trials", tables.trials);
  folder.Write("meta/trials/tiers.npy", FormatNpyStrings(TierNames(recording)));
  WriteTables(folder, "meta/neurons", tables.neurons);
  WriteTables(folder, "meta/statistics", tables.statistics);
  WriteTables(folder, "truth", tables.truth);
  // The Python tools keep their links here, and leave what they do not know.
  const Json config = {{"links", Json::object()}, {"murine", ParseJson(config_json, "configuration")}};
  folder.Write("config.json", config.dump(2) + "\n");
  folder.Commit();
}

Json SensoriumConfig(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.json";
  if (!std::filesystem::exists(file)) return Json::object();
  const std::string text = ReadFile(file), hash = Sha256Hex(text);
  if (const std::filesystem::path list = folder / kSumsFile; std::filesystem::exists(list))
    if (const std::string stored = ParseSums(ReadFile(list), list.string())["config.json"]; stored != hash)
      ThrowDamaged(file.string(), stored, hash);
  const Json config = ParseJson(text, file.string());
  return config.is_object() && config.contains("murine") ? config["murine"] : Json::object();
}

}  // namespace murine
