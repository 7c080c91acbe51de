// SPDX-License-Identifier: Apache-2.0
#include "experiment/expand.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace murine {
namespace {

const std::vector<std::string> kOfTarget = {"alpha", "clamp", "pairs", "pair-images", "stimuli"};

std::string Shown(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

// What the file says of a condition: its own options first, then those of [train].
Json Merged(const Json& train, const Json& own, const std::string& where) {
  Json merged = own;
  for (const auto& [key, value] : train.items())
    if (!merged.contains(key)) merged[key] = value;
  const Json target = merged.value("target", Json(""));
  if (target != "") return merged;
  for (const std::string& key : kOfTarget) {
    if (own.contains(key))
      throw Error({.what = fmt::format("'{}' for a condition without a target", key),
                   .where = where,
                   .hint = "add target = \"NAME\", or remove it"});
    merged.erase(key);
  }
  return merged;
}

void CheckList(const std::string& key, const Json& values, const std::string& where) {
  if (values.empty())
    throw Error(
        {.what = fmt::format("an empty list of '{}'", key), .where = where, .expected = "a value or more"});
  if (key == "target" && std::count(values.begin(), values.end(), "") > 0)
    throw Error({.what = "an empty name in a list of targets",
                 .where = where,
                 .hint = "the baseline is a condition of its own, without a target"});
  for (size_t i = 0; i < values.size(); ++i)
    if (std::count(values.begin(), values.end(), values[i]) > 1)
      throw Error(
          {.what = fmt::format("'{}' twice with the same value", key), .where = where, .got = values.dump()});
}

}  // namespace

void SetEntry(Json& tables, const std::string& entry) {
  const size_t equals = entry.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error({.what = "malformed --set",
                 .expected = "table.key=value, such as train.width=16",
                 .got = entry,
                 .kind = ErrorKind::kUsage});
  const std::string text = entry.substr(equals + 1);
  Json value = text;
  try {
    value = ParseToml("value = " + text, entry).at("value");
  } catch (const Error&) {
  }
  Json* at = &tables;
  std::string rest = entry.substr(0, equals);
  for (size_t dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
    at = &(*at)[rest.substr(0, dot)];
    if (!at->is_object() && !at->is_null())
      throw Error({.what = "--set names a table that is none", .where = entry, .kind = ErrorKind::kUsage});
    rest = rest.substr(dot + 1);
  }
  (*at)[rest] = std::move(value);
}

std::vector<ExpandedCondition> ExpandConditions(const Json& train, const Json& conditions,
                                                const std::string& where) {
  std::vector<ExpandedCondition> expanded;
  for (const auto& [family, own] : conditions.items()) {
    const std::string here = fmt::format("{}, [conditions.{}]", where, family);
    if (!own.is_object()) throw Error({.what = "not a table of options", .where = here, .got = own.dump()});
    const Json merged = Merged(train, own, here);
    std::vector<ExpandedCondition> all = {{family, family, merged}};
    for (const auto& [key, values] : merged.items()) {
      if (!values.is_array()) continue;
      CheckList(key, values, here);
      std::vector<ExpandedCondition> next;
      for (const ExpandedCondition& each : all)
        for (const Json& value : values) {
          next.push_back({fmt::format("{} {} {}", each.name, key, Shown(value)), family, each.options});
          next.back().options[key] = value;
        }
      all = std::move(next);
    }
    expanded.insert(expanded.end(), all.begin(), all.end());
  }
  return expanded;
}

}  // namespace murine
