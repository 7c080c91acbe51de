// SPDX-License-Identifier: Apache-2.0
#include "report/analysis_figures.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "report/png_address.h"

namespace murine {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

Json ValueOf(const Field& value) {
  return {{"mean", value["mean"].Number(-kUnbounded, kUnbounded)},
          {"low", value["low"].Number(-kUnbounded, kUnbounded)},
          {"high", value["high"].Number(-kUnbounded, kUnbounded)}};
}

// Points that are there; the spread may be missing.
Json PointsOf(const Field& curve) {
  const std::vector<Field> x = curve["x"].Entries(), y = curve["mean"].Entries(),
                           low = curve["low"].Entries(), high = curve["high"].Entries();
  if (y.size() != x.size() || low.size() != x.size() || high.size() != x.size())
    curve.Refuse("lists x, mean, low and high of the same length");
  Json points = Json::array();
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i].missing() || y[i].missing()) continue;
    const Json bottom = low[i].Number(-kUnbounded, kUnbounded), top = high[i].Number(-kUnbounded, kUnbounded);
    const bool known = !bottom.is_null() && !top.is_null();
    points.push_back({{"x", x[i].Number(-kUnbounded, kUnbounded)},
                      {"y", y[i].Number(-kUnbounded, kUnbounded)},
                      {"low", known ? bottom : Json(nullptr)},
                      {"high", known ? top : Json(nullptr)}});
  }
  return points;
}

Json Members(const Field& object, const auto& convert) {
  Json members = Json::object();
  if (object.missing()) return members;
  if (!object.json().is_object()) object.Refuse("an object");
  for (const auto& [key, value] : object.json().items()) members[key] = convert(object[key.c_str()]);
  return members;
}

// `rows` lists of `columns` numbers each.
Json Table(const Field& table, size_t rows, size_t columns, double high) {
  const std::vector<Field> entries = table.Entries();
  if (entries.size() != rows) table.Refuse(fmt::format("{} rows", rows));
  Json list = Json::array();
  for (const Field& row : entries) {
    list.push_back(row.Numbers(columns, 0, high));
    if (list.back().is_null()) row.Refuse(fmt::format("{} numbers", columns));
  }
  return list;
}

Json ListOf(const Field& field, double low, double high) {
  Json numbers = Json::array();
  for (const Field& entry : field.Entries()) {
    numbers.push_back(entry.Number(low, high));
    if (numbers.back().is_null()) entry.Refuse("a number");
  }
  return numbers;
}

Json Examples(const Field& examples, const std::filesystem::path& file) {
  if (examples.missing()) return nullptr;
  Json shown = {{"labels", ListOf(examples["labels"], 0, kUnbounded)},
                {"height", Required(examples["height"].Count(), examples["height"])},
                {"width", Required(examples["width"].Count(), examples["width"])},
                {"classes", Json::array()}};
  for (const Field& name : examples["classes"].Entries()) shown["classes"].push_back(name.RequiredText());
  const Field noise = examples["noise"];
  const Json levels = ListOf(noise["levels"], 0, kUnbounded);
  Json answers = Json::array();
  for (const Field& entry : noise["answers"].Entries())
    answers.push_back(
        {{"condition", entry["condition"].RequiredText()},
         {"classes", Table(entry["classes"], shown["labels"].size(), levels.size(), kUnbounded)},
         {"confidence", Table(entry["confidence"], shown["labels"].size(), levels.size(), 1)}});
  shown["noise"] = {
      {"levels", levels}, {"answers", answers}, {"png", PngAddress(file.string() + ".noise.png")}};
  Json entries = Json::array();
  for (const Field& entry : examples["adversarial"].Entries())
    entries.push_back(
        {{"condition", entry["condition"].RequiredText()},
         {"image", Required(entry["image"].Count(), entry["image"])},
         {"label", Required(entry["label"].Count(), entry["label"])},
         {"answer", entry["answer"].Count()},
         {"l2", entry["l2"].Number(0, kUnbounded)},
         {"magnified", Required(entry["magnified"].Number(0, kUnbounded), entry["magnified"])}});
  shown["adversarial"] = {{"entries", entries}, {"png", PngAddress(file.string() + ".adversarial.png")}};
  return shown;
}

}  // namespace

Json AnalysisFigures(const Field& results, const std::string& name, const std::filesystem::path& file) {
  Json figures = {{"name", name},
                  {"n", results["n"].Count()},
                  {"severity", results["config"]["severity"].Count()},
                  {"images", results["config"]["images"].Count()},
                  {"fourier_norm", results["config"]["fourier-norm"].Number(0, kUnbounded)},
                  {"conditions", Json::array()},
                  {"references", Json::array()}};
  int picture = 0;
  for (const Field& condition : results["conditions"].Entries()) {
    Json shown = {{"name", condition["name"].RequiredText()},
                  {"models", Required(condition["models"].Count(), condition["models"])},
                  {"values", Members(condition["values"], ValueOf)},
                  {"curves", Members(condition["curves"], PointsOf)}};
    if (condition["maps"].Has("fourier_error"))
      shown["map"] = PngAddress(fmt::format("{}.fourier.{}.png", file.string(), picture));
    ++picture;
    figures["conditions"].push_back(std::move(shown));
  }
  for (const Field& reference : results["references"].Entries())
    figures["references"].push_back(
        {{"name", reference["name"].RequiredText()}, {"images", reference["images"].Count()}});
  if (Json examples = Examples(results["examples"], file); !examples.is_null())
    figures["examples"] = std::move(examples);
  return figures;
}

}  // namespace murine
