// SPDX-License-Identifier: Apache-2.0
// Reads recordings: HDF5 here, folders and zip files by sensorium_reader. What each dataset holds stands in
// docs/formats.md.
#include <fmt/format.h>

#include "base/error.h"
#include "data/recording_parts.h"
#include "data/sensorium.h"
#include "data/shown_images.h"
#include "io/hdf5.h"
#include "io/zip.h"

namespace murine {
namespace {

void CheckRows(const std::vector<int64_t>& shape, size_t axes, int64_t rows, const std::string& where,
               const char* what = "trials") {
  if (shape.size() != axes)
    throw Error({.what = "wrong number of axes",
                 .where = where,
                 .expected = std::to_string(axes),
                 .got = FormatShape(shape)});
  if (shape[0] != rows)
    throw Error({.what = "wrong length",
                 .where = where,
                 .expected = fmt::format("{} {}, as many as /responses has", rows, what),
                 .got = std::to_string(shape[0])});
}

std::vector<Tier> ReadTiers(const Hdf5File& file, int64_t trials, const std::string& where) {
  if (!file.Has("/tiers"))
    throw Error({.what = "no /tiers",
                 .where = where,
                 .hint = "a recording says for each trial whether it is train, validation or test"});
  CheckRows(file.Shape("/tiers"), 1, trials, where + " /tiers");
  return ParseTiers(file.ReadStrings("/tiers"), where + " /tiers");
}

// One image id for each trial; none where none are stored.
std::vector<int64_t> ReadImageIds(const Hdf5File& file, int64_t trials, const std::string& where) {
  for (const char* name : ImageIdNames()) {
    const std::string dataset = std::string("/item_info/") + name;
    if (!file.Has(dataset)) continue;
    CheckRows(file.Shape(dataset), 1, trials, where + " " + dataset);
    return file.IsText(dataset) ? NumberTexts(file.ReadStrings(dataset)) : file.Read<int64_t>(dataset).values;
  }
  return {};
}

void ReadImages(const Hdf5File& file, int64_t trials, const std::string& where, Recording& recording) {
  ShownImages shown(ReadImageIds(file, trials, where), where + " /images");
  NdArray<float> stored = file.Read<float>("/images");
  if (stored.shape.size() == 3) stored.shape.insert(stored.shape.begin() + 1, 1);  // one channel, left out
  CheckRows(stored.shape, 4, trials, where + " /images");
  const std::vector<int64_t> shape(stored.shape.begin() + 1, stored.shape.end());
  const auto size = static_cast<size_t>(stored.row_size());
  for (int64_t t = 0; t < trials; ++t)
    shown.Add(shape, std::span<const float>(stored.values).subspan(static_cast<size_t>(t) * size, size));
  std::move(shown).Finish(recording);
}

void ReadTrialOrder(const Hdf5File& file, int64_t trials, const std::string& where, Recording& recording) {
  constexpr const char* kDataset = "/item_info/trial_idx";
  if (!file.Has(kDataset)) return;
  CheckRows(file.Shape(kDataset), 1, trials, where + " " + kDataset);
  if (file.IsText(kDataset))
    recording.remarks.emplace_back(kHiddenOrder);
  else
    SetTrialOrder(file.Read<int64_t>(kDataset).values, recording);
}

// What is known of the neurons but needed for nothing here: kept where it has one value a neuron.
void ReadNeurons(const Hdf5File& file, const std::string& where, Recording& recording) {
  for (const std::string& name : file.List("/neurons")) {
    const std::string dataset = "/neurons/" + name;
    if (name == "cell_motor_coordinates") continue;
    try {
      CheckRows(file.Shape(dataset), 1, recording.neurons(), where + " " + dataset, "neurons");
      if (file.IsText(dataset))
        recording.neuron_names[name] = file.ReadStrings(dataset);
      else
        recording.neuron_numbers[name] = file.Read<double>(dataset).values;
    } catch (const Error& error) {
      recording.remarks.push_back(fmt::format("{} is not read: {}", dataset, error.what()));
    }
  }
}

void CheckStatistics(const Hdf5File& file, const std::string& where, Recording& recording) {
  constexpr const char* kDataset = "/statistics/responses/all/std";
  if (!file.Has(kDataset)) {
    recording.remarks.emplace_back(kNoStatistics);
    return;
  }
  CheckRows(file.Shape(kDataset), 1, recording.neurons(), where + " " + kDataset, "neurons");
}

NdArray<float> ReadIfThere(const Hdf5File& file, const std::string& dataset) {
  return file.Has(dataset) ? file.Read<float>(dataset) : NdArray<float>{};
}

void ReadTruth(const Hdf5File& file, Recording& recording, const std::string& where) {
  if (!file.Has("/truth/responses")) return;
  SetTruth(file.Read<float>("/truth/responses"), file.Read<int64_t>("/truth/image_ids").values, recording,
           where + " /truth");
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
  ReadImages(file, trials, where, recording);
  recording.behavior = ReadIfThere(file, "/behavior");
  recording.pupil_center = ReadIfThere(file, "/pupil_center");
  recording.position_um = ReadIfThere(file, "/neurons/cell_motor_coordinates");
  ReadTrialOrder(file, trials, where, recording);
  ReadNeurons(file, where, recording);
  CheckStatistics(file, where, recording);
  ReadTruth(file, recording, where);
  return recording;
}

}  // namespace

Recording ReadRecording(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool tree = std::filesystem::is_directory(path, ignored) || ZipFile::Is(path);
  Recording recording = tree ? ReadSensorium(path) : ReadHdf5Recording(path);
  DropWithheldBehavior(recording);
  CheckRecording(recording, path.string());
  return recording;
}

}  // namespace murine
