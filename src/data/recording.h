// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "data/image_set.h"
#include "io/ndarray.h"

namespace murine {

// kTest: the oracle repeats. kFinalTest: a second such set, which the scans of the Sensorium competition
// have.
enum class Tier { kTrain, kValidation, kTest, kFinalTest };

inline std::span<const EnumName<Tier>> EnumNames(Tier) {
  static constexpr EnumName<Tier> kNames[] = {{Tier::kTrain, "train"},
                                              {Tier::kValidation, "validation"},
                                              {Tier::kTest, "test"},
                                              {Tier::kFinalTest, "final_test"}};
  return kNames;
}

// One scan: what the mouse saw and what its neurons answered. The file: docs/formats.md.
struct Recording {
  std::string name;
  // Distinct images, 8-bit, in the order of their ids.
  ImageSet images;
  std::vector<int64_t> image_ids;  // [image], ascending

  std::vector<int64_t> trial_image;  // [trial], index into images
  std::vector<Tier> tiers;           // [trial]
  NdArray<float> responses;          // [trial, neuron], >= 0, deconvolved activity summed over ~500 ms
  NdArray<float> behavior;           // [trial, 3] pupil size, its derivative, running speed; or empty
  NdArray<float> pupil_center;       // [trial, 2] x, y; or empty

  // The trial's rank in time; or empty: trials stand in the order of time.
  std::vector<int64_t> trial_order;  // [trial]

  NdArray<float> position_um;  // [neuron, 3] cortical coordinates; or empty
  // What else is known of the neurons, [neuron] each: "unit_ids", "animal_ids" ...; "area", "layer" ...
  std::map<std::string, std::vector<double>> neuron_numbers;
  std::map<std::string, std::vector<std::string>> neuron_names;

  // What its reader noticed and a user should know; `inspect` shows them among the faults.
  std::vector<std::string> remarks;

  // Ground truth of a simulated mouse: noise-free responses at neutral eye position and gain; else empty.
  NdArray<float> truth;  // [image, neuron]
  // What else is known of a simulated mouse's neurons ("x_px", "frequency_cycles_per_px"), [neuron] each.
  std::map<std::string, std::vector<float>> truth_units;

  int64_t trials() const { return static_cast<int64_t>(trial_image.size()); }
  int64_t neurons() const { return responses.shape.empty() ? 0 : responses.shape[1]; }
  bool has_behavior() const { return !behavior.values.empty(); }
  bool has_pupil() const { return !pupil_center.values.empty(); }
  std::span<const float> response(int64_t trial) const;  // [neuron]
  // In the order of the trials; none where the tier's responses are withheld.
  std::vector<int64_t> TrialsOf(Tier tier) const;
};

// Tiers all of whose responses are zero while others' are not: published scans of competitions keep the
// trials and withhold the answers. Nothing may be scored on them.
std::vector<Tier> WithheldTiers(const Recording& recording);
std::vector<bool> WithheldTrials(const Recording& recording);  // [trial]

// Throws Error on the first contradiction: lengths, ids, NaN or negative responses, empty tiers' images.
void CheckRecording(const Recording& recording, const std::string& where);

// An HDF5 file, a Sensorium folder or a zip file of one, whatever it is called (docs/formats.md). What is
// read is checked.
Recording ReadRecording(const std::filesystem::path& path);
// SHA-256 that says which recording it is: of the file, or of what a folder holds.
std::string RecordingHash(const std::filesystem::path& path);

// HDF5 in the layout of the Python tools' StaticImageSet; with a path that ends in '/', the folder that their
// FileTreeDataset reads.
void WriteRecording(const std::filesystem::path& path, const Recording& recording,
                    const std::string& config_json);
// Makes and writes the recording, unless `path` holds one made by the same configuration; another is refused.
void WriteRecordingOnce(const std::filesystem::path& path, const Json& config,
                        const std::function<Recording()>& make);

// Trials grouped by image: for every image with at least `least` trials, of whatever tier but withheld ones,
// its trials in the order of time.
struct Repeats {
  std::vector<int64_t> images;               // index into recording.images, ascending
  std::vector<std::vector<int64_t>> trials;  // [those images]
};
Repeats RepeatedImages(const Recording& recording, size_t least = 2);

}  // namespace murine
