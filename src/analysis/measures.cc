// SPDX-License-Identifier: Apache-2.0
#include "analysis/measures.h"

#include <algorithm>
#include <cmath>

#include "base/student.h"

namespace murine {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// JSON has no NaN: null stands for it.
double NumberOf(const Json& json) { return json.is_null() ? kNone : json.get<double>(); }

std::vector<double> NumbersOf(const Json& json) {
  std::vector<double> numbers;
  for (const Json& entry : json) numbers.push_back(NumberOf(entry));
  return numbers;
}

Json Numbers(const std::vector<double>& values) {
  Json numbers = Json::array();
  for (const double value : values) numbers.push_back(std::isfinite(value) ? Json(value) : Json(nullptr));
  return numbers;
}

struct Summary {
  double mean = kNone, se = kNone, low = kNone, high = kNone;
  size_t models = 0;  // that have one
};

Summary Summarize(std::span<const Value> all) {
  std::vector<double> values;
  for (const Value& each : all)
    if (std::isfinite(each.value)) values.push_back(each.value);
  if (values.empty()) return {};
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  Summary summary{.mean = sum / n, .models = values.size()};
  if (values.size() == 1) {
    if (all.size() == 1 && all[0].interval) {
      summary.low = (*all[0].interval)[0];
      summary.high = (*all[0].interval)[1];
    }
    return summary;
  }
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  summary.se = std::sqrt(squares / (n - 1) / n);
  const double half = StudentQuantile(static_cast<int64_t>(values.size()) - 1) * summary.se;
  summary.low = summary.mean - half;
  summary.high = summary.mean + half;
  return summary;
}

Json ToJson(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// `get` finds a model's part by its name: a pointer, null where it has none.
template <class Part>
std::vector<std::string> Names(std::span<const Measures> models,
                               std::map<std::string, Part> Measures::*part) {
  std::vector<std::string> names;
  for (const Measures& model : models)
    for (const auto& [name, value] : model.*part)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

template <class Part>
std::vector<const Part*> PartsOf(std::span<const Measures> models,
                                 std::map<std::string, Part> Measures::*part, const std::string& name) {
  std::vector<const Part*> parts;
  for (const Measures& model : models)
    if (const auto found = (model.*part).find(name); found != (model.*part).end())
      parts.push_back(&found->second);
  return parts;
}

Json SummarizeCurve(const std::vector<const Curve*>& curves) {
  Json summary = {{"x", Numbers(curves[0]->x)}};
  std::vector<double> mean, low, high;
  for (size_t i = 0; i < curves[0]->x.size(); ++i) {
    std::vector<Value> points;
    for (const Curve* curve : curves)
      if (i < curve->y.size())
        points.push_back({.value = curve->y[i],
                          .interval = curve->low.empty()
                                          ? std::nullopt
                                          : std::optional(Interval{curve->low[i], curve->high[i]})});
    const Summary at = Summarize(points);
    mean.push_back(at.mean);
    low.push_back(at.low);
    high.push_back(at.high);
  }
  summary["mean"] = Numbers(mean);
  summary["low"] = Numbers(low);
  summary["high"] = Numbers(high);
  return summary;
}

Json SummarizeMap(const std::vector<const Map*>& maps) {
  std::vector<double> mean(maps[0]->values.size(), 0);
  for (const Map* map : maps)
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += map->values.at(i) / static_cast<double>(maps.size());
  return {{"height", maps[0]->height}, {"width", maps[0]->width}, {"mean", Numbers(mean)}};
}

}  // namespace

void AddShare(Curve& curve, double x, int64_t successes, int64_t n) {
  const Interval interval = WilsonInterval(successes, n);
  curve.x.push_back(x);
  curve.y.push_back(static_cast<double>(successes) / static_cast<double>(n));
  curve.low.push_back(interval[0]);
  curve.high.push_back(interval[1]);
}

Json MeasuresToJson(const Measures& measures) {
  Json json = {{"values", Json::object()}, {"curves", Json::object()}, {"maps", Json::object()}};
  for (const auto& [name, value] : measures.values) {
    json["values"][name] = {{"value", ToJson(value.value)}};
    if (value.interval) json["values"][name]["interval"] = *value.interval;
  }
  for (const auto& [name, curve] : measures.curves)
    json["curves"][name] = {{"x", Numbers(curve.x)},
                            {"y", Numbers(curve.y)},
                            {"low", Numbers(curve.low)},
                            {"high", Numbers(curve.high)}};
  for (const auto& [name, map] : measures.maps)
    json["maps"][name] = {{"height", map.height}, {"width", map.width}, {"values", Numbers(map.values)}};
  return json;
}

Measures MeasuresFromJson(const Json& json) {
  Measures measures;
  for (const auto& [name, entry] : json.at("values").items()) {
    measures.values[name].value = NumberOf(entry.at("value"));
    if (entry.contains("interval")) measures.values[name].interval = entry["interval"].get<Interval>();
  }
  for (const auto& [name, entry] : json.at("curves").items())
    measures.curves[name] = {NumbersOf(entry.at("x")), NumbersOf(entry.at("y")), NumbersOf(entry.at("low")),
                             NumbersOf(entry.at("high"))};
  for (const auto& [name, entry] : json.at("maps").items())
    measures.maps[name] = {entry.at("height"), entry.at("width"), NumbersOf(entry.at("values"))};
  return measures;
}

Json OverModels(std::span<const Measures> models) {
  Json json = {{"values", Json::object()}, {"curves", Json::object()}, {"maps", Json::object()}};
  for (const std::string& name : Names(models, &Measures::values)) {
    std::vector<Value> values;
    for (const Value* value : PartsOf(models, &Measures::values, name)) values.push_back(*value);
    const Summary summary = Summarize(values);
    json["values"][name] = {{"mean", ToJson(summary.mean)},
                            {"se", ToJson(summary.se)},
                            {"low", ToJson(summary.low)},
                            {"high", ToJson(summary.high)},
                            {"models", summary.models}};
  }
  for (const std::string& name : Names(models, &Measures::curves))
    json["curves"][name] = SummarizeCurve(PartsOf(models, &Measures::curves, name));
  for (const std::string& name : Names(models, &Measures::maps))
    json["maps"][name] = SummarizeMap(PartsOf(models, &Measures::maps, name));
  return json;
}

}  // namespace murine
