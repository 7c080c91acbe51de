// SPDX-License-Identifier: Apache-2.0
#include "io/artifact.h"

#include <fstream>

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "io/integrity.h"
#include "io/json_lines.h"
#include "io/npy.h"

namespace murine {
namespace {

std::string Shown(const Json& object, const std::string& key) {
  return key + " = " + (object.contains(key) ? object[key].dump() : "nothing");
}

}  // namespace

ConfigDifference Difference(const Json& stored, const Json& wanted) {
  Json keys = stored;
  keys.update(wanted);
  ConfigDifference difference;
  int different = 0;
  for (const auto& [key, value] : keys.items()) {
    if (stored.contains(key) && wanted.contains(key) && stored[key] == wanted[key]) continue;
    if (++different > 3) break;
    difference.wanted += (difference.wanted.empty() ? "" : ", ") + Shown(wanted, key);
    difference.stored += (difference.stored.empty() ? "" : ", ") + Shown(stored, key);
  }
  return difference;
}

void RefuseOtherConfig(const Json& stored, const Json& wanted, const std::filesystem::path& where) {
  if (!stored.is_object()) return RefuseOtherConfig(Json::object(), wanted, where);  // somebody else's
  const ConfigDifference difference = Difference(stored, wanted);
  if (difference.wanted.empty()) return;
  throw Error({.what = "the output is there already, made by another configuration",
               .where = where.string(),
               .expected = difference.wanted,
               .got = difference.stored,
               .hint = "choose another --out, or remove it"});
}

void CheckOutput(const std::filesystem::path& out, ArtifactKind kind) {
  std::error_code fault;
  if (!std::filesystem::exists(out, fault)) return RequireWritable(out);
  const bool folder = std::filesystem::is_directory(out, fault);
  bool fits = folder && kind == ArtifactKind::kFolder;
  if (!folder && kind != ArtifactKind::kFolder) {
    constexpr int kLength = 8;  // of the header's size, which begins a safetensors file
    std::ifstream file(out, std::ios::binary);
    if (!file) return;  // whoever reads it says why not
    fits = file.seekg(kind == ArtifactKind::kJson ? 0 : kLength).get() == '{';
  }
  if (!fits)
    throw Error({.what = "the output is there already, and is nothing that this command writes",
                 .where = out.string(),
                 .hint = "choose another --out, or remove it"});
}

std::filesystem::path DescriptionPath(const std::filesystem::path& npy) {
  if (npy.extension() == ".json")
    throw Error({.what = "an array cannot be called .json: its description is",
                 .where = npy.string(),
                 .expected = std::filesystem::path(npy).replace_extension(".npy").string(),
                 .kind = ErrorKind::kUsage});
  return std::filesystem::path(npy).replace_extension(".json");
}

std::optional<Json> FinishedArray(const std::filesystem::path& npy, const Json& config) {
  const std::filesystem::path json = DescriptionPath(npy);
  const bool array = std::filesystem::exists(npy);
  if (!std::filesystem::exists(json)) {
    if (!array) {
      RequireWritable(npy);
      return {};
    }
    throw Error({.what = "the output is there already, and was not made by murine",
                 .where = npy.string(),
                 .expected = json.string() + " beside it",
                 .hint = "choose another --out, or remove it"});
  }
  Json description = ReadJson(json);
  RefuseOtherConfig(description.is_object() ? description.value("config", Json::object()) : Json(), config,
                    npy);
  if (!array) return {};
  CheckDescribed(npy, description);
  return description;
}

void WriteDescribedArray(const std::filesystem::path& npy, const std::vector<int64_t>& shape,
                         std::span<const float> values, Json& description) {
  description["sha256"] = Sha256().Add(std::as_bytes(values)).Hex();
  WriteJson(DescriptionPath(npy), description);
  WriteNpy<float>(npy, shape, values);
}

}  // namespace murine
