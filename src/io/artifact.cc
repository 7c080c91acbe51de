// SPDX-License-Identifier: Apache-2.0
#include "io/artifact.h"

#include "base/error.h"

namespace murine {
namespace {

std::string Shown(const Json& object, const std::string& key) {
  return key + " = " + (object.contains(key) ? object[key].dump() : "nothing");
}

}  // namespace

void RefuseOtherConfig(const Json& stored, const Json& wanted, const std::filesystem::path& where) {
  Json keys = stored;
  keys.update(wanted);
  std::string expected, got;
  int different = 0;
  for (const auto& [key, value] : keys.items()) {
    if (stored.contains(key) && wanted.contains(key) && stored[key] == wanted[key]) continue;
    if (++different > 3) break;
    expected += (expected.empty() ? "" : ", ") + Shown(wanted, key);
    got += (got.empty() ? "" : ", ") + Shown(stored, key);
  }
  if (different == 0) return;
  throw Error({.what = "the output is there already, made by another configuration",
               .where = where.string(),
               .expected = expected,
               .got = got,
               .hint = "choose another --out, or remove it"});
}

}  // namespace murine
