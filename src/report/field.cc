// SPDX-License-Identifier: Apache-2.0
#include "report/field.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace murine {

bool Field::missing() const {
  return value_ == nullptr || value_->is_null() ||
         (value_->is_number_float() && !std::isfinite(value_->get<double>()));
}

Field Field::operator[](const char* key) const {
  const std::string path = path_.empty() ? key : path_ + "." + key;
  if (missing()) return {nullptr, file_, path};
  if (!value_->is_object()) Refuse("an object");
  const auto found = value_->find(key);
  return {found == value_->end() ? nullptr : &*found, file_, path};
}

std::vector<Field> Field::Entries() const {
  std::vector<Field> entries;
  if (missing()) return entries;
  if (!value_->is_array()) Refuse("a list");
  for (size_t i = 0; i < value_->size(); ++i)
    entries.push_back(Field(&(*value_)[i], file_, fmt::format("{}[{}]", path_, i)));
  return entries;
}

Json Field::Text() const {
  if (missing()) return nullptr;
  if (!value_->is_string()) Refuse("a text");
  return *value_;
}

Json Field::Number(double low, double high) const {
  if (missing()) return nullptr;
  const double value = value_->is_number() ? value_->get<double>() : std::nan("");
  if (value >= low && value <= high) return *value_;
  Refuse(std::isfinite(low) && std::isfinite(high) ? fmt::format("a number from {} to {}", low, high)
         : std::isfinite(low)                      ? fmt::format("a number, at least {}", low)
                                                   : "a number");
}

Json Field::Count() const {
  const Json count = Number(0, kAny);
  if (!count.is_null() && !count.is_number_integer()) Refuse("a whole number");
  return count;
}

Json Field::Numbers(size_t count, double low, double high) const {
  const std::vector<Field> entries = Entries();
  if (entries.empty()) return nullptr;
  if (entries.size() != count) Refuse(fmt::format("{} numbers", count));
  Json numbers = Json::array();
  for (const Field& entry : entries) {
    if (entry.missing()) return nullptr;
    numbers.push_back(entry.Number(low, high));
  }
  return numbers;
}

std::string Field::RequiredText() const {
  const Json text = Text();
  if (text.is_null() || text.get_ref<const std::string&>().empty()) Refuse("a name");
  return text;
}

Json Required(Json value, const Field& field) {
  if (value.is_null()) field.Refuse("a value");
  return value;
}

void Field::Refuse(const std::string& expected) const {
  std::string got = "nothing";
  // the head alone: a whole file may stand in the wrong place, nested deeper than dump() can follow
  if (value_ != nullptr)
    got = value_->is_object()  ? "an object"
          : value_->is_array() ? fmt::format("a list of {}", value_->size())
                               : value_->dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60);
  throw Error({.what = "malformed results",
               .where = path_.empty() ? file_ : file_ + ", " + path_,
               .expected = expected,
               .got = got,
               .hint = "murine evaluate, train and run write what a report reads"});
}

}  // namespace murine
