// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "data/recording.h"

namespace murine {

// What both kinds of files keep beside the trials' own arrays, under the same names.
struct Table {
  std::vector<int64_t> shape;
  std::variant<std::vector<float>, std::vector<double>, std::vector<int64_t>, std::vector<std::string>>
      values;
};

struct RecordingTables {
  std::map<std::string, Table> trials;      // "frame_image_id", "trial_idx", [trial]
  std::map<std::string, Table> neurons;     // "unit_ids", "cell_motor_coordinates" ..., [neuron, ...]
  std::map<std::string, Table> statistics;  // "responses/all/std" ..., [column]
  std::map<std::string, Table> truth;       // "responses", "image_ids", "units/x_px" ...; or empty
};

RecordingTables MakeTables(const Recording& recording);
std::vector<std::string> TierNames(const Recording& recording);  // [trial]

}  // namespace murine
