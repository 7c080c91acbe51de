// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace murine {

// An options struct carries its defaults and names its fields once, in
//
//   template <class Self, class Visitor>
//   static void Visit(Self& self, Visitor&& visit) { visit("depth", self.depth, "18 or 34"); }
//
// Command line, config file, checkpoint metadata and report all go through Visit and so show the same names.
// Enums take part through an overload EnumNames(T) that returns a span of {value, name} pairs.
template <class T>
using EnumName = std::pair<T, std::string_view>;

template <class T>
concept NamedEnum = std::is_enum_v<T> && requires(T value) {
  EnumNames(value);
};

template <NamedEnum T>
std::string_view NameOf(T value) {
  for (const auto& [each, name] : EnumNames(value))
    if (each == value) return name;
  return "?";
}

// The known name closest to `name` (edit distance), for hints.
std::string NearestName(std::string_view name, std::span<const std::string> known);

[[noreturn]] void ThrowUnknownName(std::string_view what, std::string_view name, const std::string& where,
                                   std::span<const std::string> known, ErrorKind kind = ErrorKind::kFailed);

template <NamedEnum T>
T EnumFromName(std::string_view name, std::string_view what, const std::string& where = {}) {
  std::vector<std::string> known;
  for (const auto& [value, each] : EnumNames(T{})) {
    if (each == name) return value;
    known.emplace_back(each);
  }
  ThrowUnknownName(what, name, where, known);
}

namespace options_internal {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
Json ToJson(const T& value) {
  if constexpr (NamedEnum<T>) {
    return std::string(NameOf(value));
  } else if constexpr (IsOptional<T>::value) {
    return value ? ToJson(*value) : Json(nullptr);
  } else {
    return value;
  }
}

template <class T>
void FromJson(const Json& json, T& value, const std::string& name, const std::string& where) {
  if constexpr (NamedEnum<T>) {
    if (!json.is_string())
      throw Error(
          {.what = "wrong type for " + name, .where = where, .expected = "a string", .got = json.dump()});
    value = EnumFromName<T>(json.get<std::string>(), name, where);
  } else if constexpr (IsOptional<T>::value) {
    typename T::value_type inner{};
    if (json.is_null()) {
      value.reset();
    } else {
      FromJson(json, inner, name, where);
      value = inner;
    }
  } else if constexpr (IsVector<T>::value) {
    if (!json.is_array())
      throw Error(
          {.what = "wrong type for " + name, .where = where, .expected = "a list", .got = json.dump()});
    value.assign(json.size(), {});
    for (size_t i = 0; i < value.size(); ++i)
      FromJson(json[i], value[i], fmt::format("{}[{}]", name, i), where);
  } else {
    constexpr bool integer_wanted = std::is_integral_v<T> && !std::is_same_v<T, bool>;
    const bool integer_missed = integer_wanted && !json.is_number_integer();
    const bool bool_missed = std::is_same_v<T, bool> != json.is_boolean() && !json.is_structured();
    try {
      if (integer_missed || bool_missed) throw Error({.what = "type"});
      if constexpr (integer_wanted)
        if (json.is_number_unsigned() ? !std::in_range<T>(json.get<uint64_t>())
                                      : !std::in_range<T>(json.get<int64_t>()))
          throw Error({.what = "range"});
      value = json.get<T>();
    } catch (const std::exception&) {
      const char* expected = integer_wanted ? std::is_unsigned_v<T> ? "an integer, 0 or more" : "an integer"
                             : std::is_same_v<T, bool>        ? "true or false"
                             : std::is_arithmetic_v<T>        ? "a number"
                             : std::is_same_v<T, std::string> ? "a string"
                                                              : "a list";
      throw Error(
          {.what = "wrong type for " + name, .where = where, .expected = expected, .got = json.dump()});
    }
  }
}

}  // namespace options_internal

template <class Options>
Json OptionsToJson(const Options& options) {
  Json object = Json::object();
  Options::Visit(options, [&](std::string_view name, const auto& value, std::string_view) {
    object[std::string(name)] = options_internal::ToJson(value);
  });
  return object;
}

// Fields that `object` does not name keep their values. An unknown key is an error naming the nearest known.
template <class Options>
void OptionsFromJson(const Json& object, Options& options, const std::string& where) {
  if (!object.is_object())
    throw Error({.what = "not a table of options", .where = where, .got = object.dump()});
  std::vector<std::string> known;
  Options::Visit(options, [&](std::string_view name, auto& value, std::string_view) {
    known.emplace_back(name);
    if (const auto found = object.find(known.back()); found != object.end())
      options_internal::FromJson(*found, value, known.back(), where);
  });
  for (const auto& [key, value] : object.items())
    if (std::find(known.begin(), known.end(), key) == known.end()) ThrowUnknownName("key", key, where, known);
}

}  // namespace murine
