// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "robustness/intervals.h"

namespace murine {

// What an analysis says of one model. NaN: there is none.
struct Value {
  double value = 0;
  std::optional<Interval> interval = {};  // over images; nothing: not known
};
struct Curve {
  std::vector<double> x = {}, y = {};
  std::vector<double> low = {}, high = {};  // intervals over images; empty: not known
};
struct Map {
  int64_t height = 0, width = 0;
  std::vector<double> values;  // [height, width]
};
struct Measures {
  std::map<std::string, Value> values = {};
  std::map<std::string, Curve> curves = {};
  std::map<std::string, Map> maps = {};
};

// A share of `n` images as a point of a curve, with its Wilson interval.
void AddShare(Curve& curve, double x, int64_t successes, int64_t n);

Json MeasuresToJson(const Measures& measures);
Measures MeasuresFromJson(const Json& json);  // Json::exception where it is something else

// The models of one condition, which differ in their seed, as one. With one model: its values and its
// intervals over images. With several: `mean` over models, `se` its standard error, and `low`, `high`, the
// 95 % interval of Student's t (Student 1908, doi 10.2307/2331554). `models` says over how many.
//   values {name: {mean, se, low, high, models}}, curves {name: {x, mean, low, high}},
//   maps {name: {height, width, mean}}; null where there is none.
Json OverModels(std::span<const Measures> models);

}  // namespace murine
