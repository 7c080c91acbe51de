// SPDX-License-Identifier: Apache-2.0
// Reads HDF5 recordings. What each dataset holds stands in docs/formats.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>

#include "base/error.h"
#include "data/recording.h"
#include "io/hdf5.h"

namespace murine {
namespace {

// The names under which data sets keep the image's id, in the order in which readers look for them.
constexpr std::array kImageIdNames = {"image_id", "colorframeprojector_image_id", "frame_image_id"};

void CheckRows(const std::vector<int64_t>& shape, size_t axes, int64_t trials, const std::string& where) {
  if (shape.size() != axes)
    throw Error({.what = "wrong number of axes",
                 .where = where,
                 .expected = std::to_string(axes),
                 .got = FormatShape(shape)});
  if (shape[0] != trials)
    throw Error({.what = "wrong length",
                 .where = where,
                 .expected = fmt::format("{} trials, as many as /responses has", trials),
                 .got = std::to_string(shape[0])});
}

std::vector<Tier> ReadTiers(const Hdf5File& file, int64_t trials, const std::string& where) {
  if (!file.Has("/tiers"))
    throw Error({.what = "no /tiers",
                 .where = where,
                 .hint = "a recording says for each trial whether it is train, validation or test"});
  CheckRows(file.Shape("/tiers"), 1, trials, where + " /tiers");
  std::vector<Tier> tiers;
  for (const std::string& name : file.ReadStrings("/tiers"))
    tiers.push_back(EnumFromName<Tier>(name, "tier", fmt::format("{} /tiers trial {}", where, tiers.size())));
  return tiers;
}

// Grey levels 0..255, of whatever type; fractions, which rescaling leaves behind, are rounded.
NdArray<uint8_t> ReadPixels(const Hdf5File& file, int64_t trials, const std::string& where) {
  const std::string part = where + " /images";
  NdArray<uint8_t> pixels;
  pixels.shape = file.Shape("/images");
  if (pixels.shape.size() == 3) pixels.shape.insert(pixels.shape.begin() + 1, 1);  // one channel, left out
  CheckRows(pixels.shape, 4, trials, part);
  const NdArray<float> stored = file.Read<float>("/images");
  pixels.values.resize(stored.values.size());
  bool fractions = false;
  float highest = 0;
  for (size_t i = 0; i < stored.values.size(); ++i) {
    const float value = stored.values[i];
    if (!(value >= 0 && value <= 255))
      throw Error({.what = "a pixel is no grey level",
                   .where = fmt::format("{} trial {}", part, static_cast<int64_t>(i) / stored.row_size()),
                   .expected = "0 to 255",
                   .got = fmt::format("{}", value)});
    fractions |= value != std::floor(value);
    highest = std::max(highest, value);
    pixels.values[i] = static_cast<uint8_t>(std::lround(value));
  }
  if (fractions && highest <= 1)
    throw Error({.what = "images reach from 0 to 1",
                 .where = part,
                 .expected = "grey levels 0 to 255",
                 .hint = "multiply them by 255"});
  return pixels;
}

// One image id for each trial. Without stored ids, trials with the same pixels show the same image, and ids
// count images as they first appear.
std::vector<int64_t> ReadImageIds(const Hdf5File& file, const NdArray<uint8_t>& pixels,
                                  const std::string& where) {
  const int64_t trials = pixels.rows();
  for (const char* name : kImageIdNames) {
    const std::string dataset = std::string("/item_info/") + name;
    if (!file.Has(dataset)) continue;
    CheckRows(file.Shape(dataset), 1, trials, where + " " + dataset);
    return file.Read<int64_t>(dataset).values;
  }
  std::vector<int64_t> ids;
  std::map<std::string_view, int64_t> seen;
  const auto* bytes = reinterpret_cast<const char*>(pixels.values.data());
  const int64_t size = pixels.row_size();
  for (int64_t t = 0; t < trials; ++t) {
    const std::string_view image(bytes + t * size, static_cast<size_t>(size));
    ids.push_back(seen.try_emplace(image, static_cast<int64_t>(seen.size())).first->second);
  }
  return ids;
}

// Keeps each image once, in the order of the ids.
void TakeDistinctImages(const NdArray<uint8_t>& pixels, const std::vector<int64_t>& ids, Recording& recording,
                        const std::string& where) {
  std::map<int64_t, int64_t> first_trial;
  for (size_t t = 0; t < ids.size(); ++t) first_trial.try_emplace(ids[t], static_cast<int64_t>(t));

  const int64_t size = pixels.row_size();
  recording.images.channels = pixels.shape[1];
  recording.images.height = pixels.shape[2];
  recording.images.width = pixels.shape[3];
  std::map<int64_t, int64_t> position;
  for (const auto& [id, trial] : first_trial) {
    position[id] = static_cast<int64_t>(recording.image_ids.size());
    recording.image_ids.push_back(id);
    const auto first = pixels.values.begin() + trial * size;
    recording.images.bytes.insert(recording.images.bytes.end(), first, first + size);
  }
  for (size_t t = 0; t < ids.size(); ++t) {
    const auto trial = static_cast<int64_t>(t);
    const auto mine = pixels.values.begin() + trial * size;
    if (!std::equal(mine, mine + size, pixels.values.begin() + first_trial[ids[t]] * size))
      throw Error({.what = fmt::format("two trials show image id {} with different pixels", ids[t]),
                   .where = where + " /images",
                   .got = fmt::format("trials {} and {}", first_trial[ids[t]], t)});
    recording.trial_image.push_back(position[ids[t]]);
  }
}

NdArray<float> ReadIfThere(const Hdf5File& file, const std::string& dataset) {
  return file.Has(dataset) ? file.Read<float>(dataset) : NdArray<float>{};
}

// Puts the true responses, which the file keeps with the ids of their images, in the order of the images.
void ReadTruth(const Hdf5File& file, Recording& recording, const std::string& where) {
  if (!file.Has("/truth/responses")) return;
  const std::string part = where + " /truth";
  const NdArray<int64_t> ids = file.Read<int64_t>("/truth/image_ids");
  NdArray<float> stored = file.Read<float>("/truth/responses");
  const std::vector<int64_t> expected = {recording.images.count(), recording.neurons()};
  if (stored.shape != expected)
    throw Error({.what = "true responses have the wrong shape",
                 .where = part + "/responses",
                 .expected = FormatShape(expected),
                 .got = FormatShape(stored.shape)});
  std::vector<int64_t> sorted = ids.values;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != recording.image_ids)
    throw Error(
        {.what = "true responses and recording are not about the same images", .where = part + "/image_ids"});
  const int64_t neurons = recording.neurons();
  recording.truth = {.shape = expected, .values = std::vector<float>(stored.values.size())};
  for (size_t row = 0; row < ids.values.size(); ++row) {
    const auto image = std::lower_bound(sorted.begin(), sorted.end(), ids.values[row]) - sorted.begin();
    std::copy_n(stored.values.begin() + static_cast<int64_t>(row) * neurons, neurons,
                recording.truth.values.begin() + image * neurons);
  }
  for (const std::string& name : file.List("/truth/units"))
    recording.truth_units[name] = file.Read<float>("/truth/units/" + name).values;
}

Recording ReadHdf5Recording(const std::filesystem::path& path) {
  const std::string where = path.string();
  const Hdf5File file = Hdf5File::Open(path);
  for (const char* dataset : {"/responses", "/images"})
    if (!file.Has(dataset))
      throw Error({.what = std::string("no ") + dataset,
                   .where = where,
                   .hint = "a recording holds at least /images, /responses and /tiers"});

  Recording recording;
  recording.name = path.stem().string();
  const std::vector<int64_t> shape = file.Shape("/responses");
  CheckRows(shape, 2, shape.empty() ? 0 : shape[0], where + " /responses");
  const int64_t trials = shape[0];
  recording.responses = file.Read<float>("/responses");
  recording.tiers = ReadTiers(file, trials, where);
  {
    const NdArray<uint8_t> pixels = ReadPixels(file, trials, where);
    TakeDistinctImages(pixels, ReadImageIds(file, pixels, where), recording, where);
  }
  recording.images.name = recording.name;
  recording.behavior = ReadIfThere(file, "/behavior");
  recording.pupil_center = ReadIfThere(file, "/pupil_center");
  recording.position_um = ReadIfThere(file, "/neurons/cell_motor_coordinates");
  ReadTruth(file, recording, where);
  return recording;
}

}  // namespace

Recording ReadRecording(const std::filesystem::path& path) {
  Recording recording = ReadHdf5Recording(path);
  CheckRecording(recording, path.string());
  return recording;
}

}  // namespace murine
