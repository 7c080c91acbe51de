// SPDX-License-Identifier: Apache-2.0
#include "report/statistics_figures.h"

namespace murine {
namespace {

Json Shares(const Field& row, std::initializer_list<const char*> keys) {
  Json shares = Json::object();
  for (const char* key : keys) shares[key] = row[key].Number(0, 1);
  return shares;
}

// Of a row: its difference with the interval; differences of medians are in other units than shares.
void AddDifference(Json& shown, const Field& row) {
  shown["figure"] = row["figure"].RequiredText();
  shown["difference"] = row["difference"].Number(-kAny, kAny);
  shown["interval"] = row["interval"].Numbers(2, -kAny, kAny);
}

Json Comparisons(const Field& comparisons, const std::string& prefix) {
  Json rows = Json::array();
  for (const Field& row : comparisons["rows"].Entries()) {
    if (row["difference"].missing()) continue;
    Json shown = {{"condition", prefix + row["condition"].RequiredText()},
                  {"against", prefix + row["against"].RequiredText()}};
    AddDifference(shown, row);
    shown.update(Shares(row, {"p_value", "p_holm"}));
    rows.push_back(std::move(shown));
  }
  if (rows.empty()) return nullptr;
  return {{"method", comparisons["method"].Text()},
          {"seeds", comparisons["seeds"].Count()},
          {"count", comparisons["count"].Count()},
          {"rows", rows}};
}

Json Fronts(const Field& fronts, const std::string& prefix) {
  Json list = Json::array();
  for (const Field& front : fronts.Entries()) {
    Json points = Json::array();
    for (const Field& point : front["points"].Entries()) {
      if (point["clean_accuracy"].missing() || point["accuracy"].missing()) continue;
      Json shown = {{"condition", prefix + point["condition"].RequiredText()}};
      shown.update(Shares(point, {"clean_accuracy", "accuracy", "standard_error"}));
      points.push_back(std::move(shown));
    }
    if (!points.empty())
      list.push_back({{"figure", front["figure"].RequiredText()},
                      {"family", prefix + front["family"].RequiredText()},
                      {"points", points}});
  }
  return list;
}

Json Matched(const Field& matched, const std::string& prefix) {
  Json rows = Json::array();
  for (const Field& row : matched.Entries()) {
    if (row["difference"].missing()) continue;
    Json shown = {{"family", prefix + row["family"].RequiredText()},
                  {"against", prefix + row["against"].RequiredText()}};
    AddDifference(shown, row);
    shown.update(Shares(row, {"clean_accuracy", "accuracy", "accuracy_against"}));
    rows.push_back(std::move(shown));
  }
  return rows;
}

Json Selection(const Field& selection, const std::string& prefix) {
  Json rows = Json::array();
  for (const Field& row : selection.Entries()) {
    Json shown = {{"family", prefix + row["family"].RequiredText()},
                  {"condition", prefix + row["condition"].RequiredText()},
                  {"alpha", row["alpha"].Number(0, kAny)}};
    shown.update(Shares(row, {"validation_accuracy", "validation_accuracy_noise"}));
    shown["kept_share"] = row["kept_share"].Number(0, kAny);
    rows.push_back(std::move(shown));
  }
  return rows;
}

}  // namespace

Json StatisticsFigures(const Field& results, const std::string& prefix) {
  Json statistics = Json::object();
  PutUnlessNull(statistics, "comparisons", Comparisons(results["comparisons"], prefix));
  for (auto& [key, list] : {std::pair{"fronts", Fronts(results["fronts"], prefix)},
                            std::pair{"matched", Matched(results["matched"], prefix)},
                            std::pair{"selection", Selection(results["selection"], prefix)}})
    if (!list.empty()) statistics[key] = list;
  return statistics.empty() ? Json(nullptr) : statistics;
}

}  // namespace murine
