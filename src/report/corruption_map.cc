// SPDX-License-Identifier: Apache-2.0
#include "report/corruption_map.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "io/color_scale.h"
#include "io/image_file.h"
#include "report/png_address.h"

namespace murine {
namespace {

using Cells = std::map<std::pair<std::string, double>, double>;  // (corruption, severity) -> accuracy

std::string Address(const Picture& picture) { return "data:image/png;base64," + Base64(EncodePng(picture)); }

void AddPixel(Picture& picture, const Rgb& color) {
  picture.pixels.insert(picture.pixels.end(), color.begin(), color.end());
}

Json MapOf(const Json& conditions, const std::string& set) {
  std::vector<std::string> names;
  std::vector<Cells> cells(conditions.size());
  Json columns = Json::array();
  std::vector<std::pair<size_t, double>> places;
  for (size_t c = 0; c < conditions.size(); ++c) {
    std::set<double> severities;
    for (const Json& test : conditions[c].value("corruptions", Json::array())) {
      if (test["set"] != set) continue;
      const auto name = test["name"].get<std::string>();
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      cells[c][{name, test["severity"].get<double>()}] = test["accuracy"].get<double>();
      severities.insert(test["severity"].get<double>());
    }
    for (const double severity : severities) {
      columns.push_back({{"condition", c}, {"severity", severity}});
      places.emplace_back(c, severity);
    }
  }
  Picture picture{std::ssize(names), std::ssize(places), 3, {}};
  for (const std::string& name : names)
    for (const auto& [c, severity] : places) {
      const auto found = cells[c].find({name, severity});
      AddPixel(picture, found == cells[c].end() ? kNoColor : HeatColor(found->second));
    }
  return {{"set", set}, {"names", names}, {"columns", columns}, {"png", Address(picture)}};
}

}  // namespace

Json CorruptionMaps(const Json& conditions) {
  std::vector<std::string> sets;
  for (const Json& condition : conditions)
    for (const Json& test : condition.value("corruptions", Json::array()))
      if (const auto set = test["set"].get<std::string>();
          std::find(sets.begin(), sets.end(), set) == sets.end())
        sets.push_back(set);
  Json maps = Json::array();
  for (const std::string& set : sets) maps.push_back(MapOf(conditions, set));
  return maps;
}

std::string HeatScale() {
  constexpr int64_t kSteps = 101;
  Picture picture{1, kSteps, 3, {}};
  for (int64_t i = 0; i < kSteps; ++i) AddPixel(picture, HeatColor(static_cast<double>(i) / (kSteps - 1)));
  return Address(picture);
}

}  // namespace murine
