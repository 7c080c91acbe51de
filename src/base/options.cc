// SPDX-License-Identifier: Apache-2.0
#include "base/options.h"

#include <algorithm>
#include <numeric>

namespace murine {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string NearestName(std::string_view name, std::span<const std::string> known) {
  const auto distance = [&](const std::string& other) {  // what is cut short is nearest to the whole
    return !name.empty() && other.starts_with(name) ? 0 : EditDistance(name, other);
  };
  const auto nearest = std::ranges::min_element(known, {}, distance);
  return nearest == known.end() ? "" : *nearest;
}

void ThrowUnknownName(std::string_view what, std::string_view name, const std::string& where,
                      std::span<const std::string> known, ErrorKind kind) {
  std::string all;
  for (const std::string& each : known) all += (all.empty() ? "" : ", ") + each;
  throw Error(
      {.what = "unknown " + std::string(what) + " '" + std::string(name) + "'",
       .where = where,
       .expected = known.empty() || known.size() > 30 ? "" : "one of " + all,
       .hint = known.empty() ? "there is none at all" : "did you mean '" + NearestName(name, known) + "'?",
       .kind = kind});
}

}  // namespace murine
