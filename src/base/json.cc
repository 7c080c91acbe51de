// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <fmt/format.h>

#include <sstream>

#include "base/error.h"

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace murine {
namespace {

Json FromToml(const toml::node& node, const std::string& where) {
  if (const auto* table = node.as_table()) {
    Json object = Json::object();
    // toml++ sorts its keys; the lines of the file give back the author's order.
    std::vector<std::pair<toml::source_position, std::string>> keys;
    for (const auto& [key, value] : *table) keys.emplace_back(key.source().begin, std::string(key.str()));
    std::stable_sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first.line, a.first.column) < std::pair(b.first.line, b.first.column);
    });
    for (const auto& [position, key] : keys) object[key] = FromToml(*table->get(key), where);
    return object;
  }
  if (const auto* array = node.as_array()) {
    Json list = Json::array();
    for (const auto& value : *array) list.push_back(FromToml(value, where));
    return list;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  throw Error({.what = "dates and times have no meaning here",
               .where = fmt::format("{}, line {}", where, node.source().begin.line),
               .hint = "write it as a \"string\""});
}

toml::table ToTomlTable(const Json& object);
toml::array ToTomlArray(const Json& list);

void AddToml(const Json& value, const auto& insert) {
  if (value.is_object()) {
    insert(ToTomlTable(value));
  } else if (value.is_array()) {
    insert(ToTomlArray(value));
  } else if (value.is_boolean()) {
    insert(value.get<bool>());
  } else if (value.is_number_integer()) {
    insert(value.get<int64_t>());
  } else if (value.is_number()) {
    insert(value.get<double>());
  } else if (value.is_string()) {
    insert(value.get<std::string>());
  }
}

toml::array ToTomlArray(const Json& list) {
  toml::array array;
  for (const Json& entry : list) AddToml(entry, [&](auto&& node) { array.push_back(std::move(node)); });
  return array;
}

toml::table ToTomlTable(const Json& object) {
  toml::table table;
  for (const auto& entry : object.items())
    AddToml(entry.value(), [&](auto&& node) { table.insert_or_assign(entry.key(), std::move(node)); });
  return table;
}

// The parser takes stack for each part of a dotted key, and no sane key has so many. Numbers have one dot.
void RefuseDeepKeys(std::string_view text, const std::string& where) {
  constexpr int kMostDots = 1000;
  int dots = 0;
  for (const char c : text) {
    if (c == '.') ++dots;
    if (c == '=' || c == ',' || c == '\n' || c == '[' || c == ']' || c == '{' || c == '}') dots = 0;
    if (dots > kMostDots)
      throw Error({.what = "TOML with a key that is nested too deeply",
                   .where = where,
                   .expected = fmt::format("at most {} dots", kMostDots)});
  }
}

}  // namespace

Json ParseJson(std::string_view text, const std::string& where) {
  // Whoever walks or prints a value needs a stack frame a level.
  constexpr int kDeepest = 200;
  const auto check_depth = [&](int depth, Json::parse_event_t, const Json&) {
    if (depth > kDeepest)
      throw Error({.what = "JSON that is nested too deeply",
                   .where = where,
                   .expected = fmt::format("at most {} levels", kDeepest)});
    return true;
  };
  try {
    return Json::parse(text, check_depth);
  } catch (const nlohmann::json::exception& error) {
    const std::string_view what = error.what();  // "[json.exception.parse_error.101] parse error at ..."
    throw Error(
        {.what = "malformed JSON", .where = where, .got = std::string(what.substr(what.find("] ") + 2))});
  }
}

Json ParseToml(std::string_view text, const std::string& where) {
  RefuseDeepKeys(text, where);
  try {
    return FromToml(toml::parse(text, where), where);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    throw Error({.what = "malformed TOML",
                 .where = fmt::format("{}, line {}, column {}", where, begin.line, begin.column),
                 .got = std::string(error.description())});
  }
}

std::string FormatToml(const Json& object) {
  std::ostringstream text;
  text << toml::toml_formatter{ToTomlTable(object)} << '\n';
  return text.str();
}

}  // namespace murine
