// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "data/recording.h"

namespace murine {

// The static folder of the Sensorium 2022 data (docs/formats.md): data/KEY/TRIAL.npy and meta/, as the Python
// tools' FileTreeDataset keeps it; or a zip file of one, which is read in place. Of a folder of many files
// one cache file is made beside it, if its place may be written.
Recording ReadSensorium(const std::filesystem::path& path);

// Errors: something has the name already.
void WriteSensorium(const std::filesystem::path& folder, const Recording& recording,
                    const std::string& config_json);
// What WriteSensorium was given; an empty object where the folder is not murine's.
Json SensoriumConfig(const std::filesystem::path& folder);

// "static22846-10-16-GrayImageNet-94c6ff" -> "22846-10-16"; names of another kind stay as they are.
std::string DataKey(const std::string& folder_name);

}  // namespace murine
