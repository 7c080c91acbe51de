// SPDX-License-Identifier: Apache-2.0
#include "data/sensorium_cache.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "io/file.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kFewFiles = 1000;    // are read in no time
constexpr const char* kVersion = "1";  // of what the tensors mean

template <class T>
void Put(SafeTensors& tensors, const std::string& name, const char* dtype, const std::vector<int64_t>& shape,
         const std::vector<T>& values) {
  if (values.empty()) return;
  tensors.tensors[name] = {
      dtype, shape, std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T))};
}

template <class T>
NdArray<T> Take(const SafeTensors& tensors, const std::string& name) {
  const auto found = tensors.tensors.find(name);
  if (found == tensors.tensors.end()) return {};
  NdArray<T> array{found->second.shape, std::vector<T>(found->second.bytes.size() / sizeof(T))};
  std::memcpy(array.values.data(), found->second.bytes.data(), array.values.size() * sizeof(T));
  return array;
}

int64_t Count(const auto& values) { return static_cast<int64_t>(values.size()); }

// The names, sizes and times of change of all arrays, as one hash; and their number.
std::pair<std::string, int64_t> Fingerprint(const fs::path& folder) {
  std::vector<std::string> lines;
  for (const char* part : {"data", "meta", "truth"}) {
    std::error_code fault;
    for (const auto& entry : fs::recursive_directory_iterator(folder / part, fault)) {
      struct stat status {};
      if (stat(entry.path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
      lines.push_back(fmt::format("{} {} {}.{}\n", entry.path().lexically_relative(folder).string(),
                                  status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec));
    }
  }
  std::sort(lines.begin(), lines.end());
  Sha256 hash;
  hash.Add(kVersion);
  for (const std::string& line : lines) hash.Add(line);
  if (const fs::path config = folder / "config.json"; fs::exists(config))
    hash.Add(ReadFile(config));  // its links
  return {hash.Hex(), Count(lines)};
}

// Root may write everywhere; a folder whose owner may not is meant to stay as it is all the same.
bool MayWrite(const fs::path& folder) {
  std::error_code fault;
  const fs::perms permissions = fs::status(folder, fault).permissions();
  return !fault && (permissions & fs::perms::owner_write) != fs::perms::none &&
         access(folder.c_str(), W_OK) == 0;
}

}  // namespace

SafeTensors ToTensors(const Recording& r) {
  SafeTensors tensors;
  const ImageSet& images = r.images;
  Put(tensors, "images", "U8", {images.count(), images.channels, images.height, images.width}, images.bytes);
  Put(tensors, "image_ids", "I64", {images.count()}, r.image_ids);
  Put(tensors, "trial_image", "I64", {r.trials()}, r.trial_image);
  Put(tensors, "trial_order", "I64", {r.trials()}, r.trial_order);
  std::vector<uint8_t> tiers;
  for (const Tier tier : r.tiers) tiers.push_back(static_cast<uint8_t>(tier));
  Put(tensors, "tiers", "U8", {r.trials()}, tiers);
  Put(tensors, "responses", "F32", r.responses.shape, r.responses.values);
  Put(tensors, "behavior", "F32", r.behavior.shape, r.behavior.values);
  Put(tensors, "pupil_center", "F32", r.pupil_center.shape, r.pupil_center.values);
  Put(tensors, "position_um", "F32", r.position_um.shape, r.position_um.values);
  Put(tensors, "truth", "F32", r.truth.shape, r.truth.values);
  for (const auto& [name, values] : r.truth_units)
    Put(tensors, "truth_units." + name, "F32", {Count(values)}, values);
  for (const auto& [name, values] : r.neuron_numbers)
    Put(tensors, "neurons." + name, "F64", {Count(values)}, values);
  tensors.metadata["neuron_names"] = Json(r.neuron_names).dump(-1, ' ', true, Json::error_handler_t::replace);
  tensors.metadata["remarks"] = Json(r.remarks).dump(-1, ' ', true, Json::error_handler_t::replace);
  tensors.metadata["name"] = r.name;
  return tensors;
}

Recording FromTensors(const SafeTensors& stored, const std::string& where) {
  Recording r;
  r.name = stored.metadata.at("name");
  NdArray<uint8_t> pixels = Take<uint8_t>(stored, "images");
  if (pixels.shape.size() != 4) throw Error({.what = "a cache without images", .where = where});
  r.images.name = r.name;
  r.images.channels = pixels.shape[1];
  r.images.height = pixels.shape[2];
  r.images.width = pixels.shape[3];
  r.images.bytes = std::move(pixels.values);
  r.image_ids = Take<int64_t>(stored, "image_ids").values;
  r.trial_image = Take<int64_t>(stored, "trial_image").values;
  r.trial_order = Take<int64_t>(stored, "trial_order").values;
  for (const uint8_t tier : Take<uint8_t>(stored, "tiers").values) r.tiers.push_back(static_cast<Tier>(tier));
  r.responses = Take<float>(stored, "responses");
  r.behavior = Take<float>(stored, "behavior");
  r.pupil_center = Take<float>(stored, "pupil_center");
  r.position_um = Take<float>(stored, "position_um");
  r.truth = Take<float>(stored, "truth");
  for (const auto& [name, tensor] : stored.tensors) {
    if (name.starts_with("truth_units.")) r.truth_units[name.substr(12)] = Take<float>(stored, name).values;
    if (name.starts_with("neurons.")) r.neuron_numbers[name.substr(8)] = Take<double>(stored, name).values;
  }
  r.neuron_names = ParseJson(stored.metadata.at("neuron_names"), where)
                       .get<std::map<std::string, std::vector<std::string>>>();
  r.remarks = ParseJson(stored.metadata.at("remarks"), where).get<std::vector<std::string>>();
  return r;
}

fs::path CachePath(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder / "").lexically_normal().parent_path();
  return whole.string() + ".murine-cache";
}

Recording ReadThroughCache(const fs::path& folder, const std::function<Recording()>& read) {
  const auto [fingerprint, files] = Fingerprint(folder);
  if (files < kFewFiles) return read();
  const fs::path cache = CachePath(folder);
  if (fs::exists(cache)) {
    try {
      if (ReadSafeTensorsMetadata(cache)["fingerprint"] == fingerprint)
        return FromTensors(ReadSafeTensors(cache), cache.string());
      spdlog::info("{} has changed: it is read anew", folder.string());
    } catch (const std::exception& fault) {
      spdlog::warn("the cache is of no use and is made anew: {}", fault.what());
    }
  }
  Recording recording = read();
  if (!MayWrite(folder) || !MayWrite(cache.parent_path())) {
    spdlog::info(
        "{} and the folder around it are not both writable: no cache is made, the next reading takes as long",
        folder.string());
    return recording;
  }
  SafeTensors tensors = ToTensors(recording);
  tensors.metadata["fingerprint"] = fingerprint;
  try {
    WriteSafeTensors(cache, tensors);
  } catch (const Error& fault) {
    spdlog::warn("no cache is made: {}", fault.what());
  }
  return recording;
}

std::string RecordingHash(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return Sha256Hex(ReadFile(path));
  Sha256 hash;
  const SafeTensors tensors = ToTensors(ReadRecording(path));
  for (const auto& [name, tensor] : tensors.tensors)
    hash.Add(name + " " + tensor.dtype + FormatShape(tensor.shape)).Add(tensor.bytes);
  return hash.Add(tensors.metadata.at("neuron_names")).Hex();
}

}  // namespace murine
