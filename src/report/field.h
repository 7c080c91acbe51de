// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace murine {

inline constexpr double kAny = std::numeric_limits<double>::infinity();  // no bound for Field::Number

// A value of a results file that knows where it stands ("x.json, conditions[1].accuracy"), so that a wrong
// one is named. Absent, null and NaN, which a file holds as null, are the same: missing.
class Field {
 public:
  Field(const Json& value, std::string file) : value_(&value), file_(std::move(file)) {}

  bool missing() const;
  const Json& json() const { return *value_; }
  bool Has(const char* key) const { return !(*this)[key].missing(); }

  // A missing field has missing members and no entries; anything but an object or list is an Error.
  Field operator[](const char* key) const;
  std::vector<Field> Entries() const;

  // The value as JSON: null where missing, else checked. `low` and `high` are included.
  Json Text() const;
  Json Number(double low, double high) const;
  Json Count() const;                                         // a whole number, 0 or more
  Json Numbers(size_t count, double low, double high) const;  // null also where one of them is missing

  std::string RequiredText() const;  // missing or empty is an Error
  [[noreturn]] void Refuse(const std::string& expected) const;

 private:
  Field(const Json* value, std::string file, std::string path)
      : value_(value), file_(std::move(file)), path_(std::move(path)) {}

  const Json* value_;
  std::string file_, path_;
};

// The value of a field that must not be missing: null is an Error.
Json Required(Json value, const Field& field);

inline void PutUnlessNull(Json& object, const char* key, Json value) {
  if (!value.is_null()) object[key] = std::move(value);
}

}  // namespace murine
