// SPDX-License-Identifier: Apache-2.0
#include "data/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "io/file.h"
#include "io/npy.h"

namespace murine {
namespace {

constexpr int64_t kHeldOutShare = 10;  // one image in ten each for validation and test

ImageSet ReadGrayImages(const std::string& path) {
  ImageSet images = LoadImages("npy:" + path, {});
  if (images.bytes.empty()) {
    for (const float value : images.floats)
      images.bytes.push_back(static_cast<uint8_t>(std::lround(255 * value)));
    images.floats.clear();
  }
  return images;
}

// Which distinct image each row is; rows with the same pixels are the same. Keeps the distinct ones.
std::vector<int64_t> MergeCopies(const ImageSet& rows, Recording& recording) {
  std::map<std::string_view, int64_t> known;
  std::vector<int64_t> image_of_row;
  recording.images = rows;
  recording.images.bytes.clear();
  const auto size = static_cast<size_t>(rows.image_size());
  for (int64_t row = 0; row < rows.count(); ++row) {
    const auto* pixels = rows.bytes.data() + static_cast<size_t>(row) * size;
    const auto next = static_cast<int64_t>(recording.image_ids.size());
    const auto [found, added] =
        known.emplace(std::string_view(reinterpret_cast<const char*>(pixels), size), next);
    if (added) {
      recording.image_ids.push_back(row);
      recording.images.bytes.insert(recording.images.bytes.end(), pixels, pixels + size);
    }
    image_of_row.push_back(found->second);
  }
  return image_of_row;
}

void RequireRows(const std::vector<int64_t>& shape, size_t axes, int64_t rows, const std::string& path,
                 const std::string& expected) {
  if (shape.size() == axes && shape[0] == rows) return;
  throw Error({.what = "shape of the array", .where = path, .expected = expected, .got = FormatShape(shape)});
}

void TakeResponses(const std::string& path, const std::vector<int64_t>& image_of_row, Recording& recording) {
  recording.responses = ReadNpy<float>(path);
  const auto rows = static_cast<int64_t>(image_of_row.size());
  RequireRows(recording.responses.shape, 2, rows, path, fmt::format("({}, neurons), a row an image", rows));
  recording.trial_image = image_of_row;
  const int64_t neurons = recording.neurons();
  for (size_t i = 0; i < recording.responses.values.size(); ++i)
    if (const float value = recording.responses.values[i]; !(value >= 0 && std::isfinite(value)))
      throw Error({.what = "a response that is none",
                   .where = fmt::format("{}, image {}, neuron {}", path, static_cast<int64_t>(i) / neurons,
                                        static_cast<int64_t>(i) % neurons),
                   .expected = "finite numbers >= 0",
                   .got = fmt::format("{}", value),
                   .hint = "negative or NaN means an absent repeat in --trials alone"});
}

void TakeTrials(const std::string& path, const std::vector<int64_t>& image_of_row, Recording& recording) {
  const NdArray<float> trials = ReadNpy<float>(path);
  const auto rows = static_cast<int64_t>(image_of_row.size());
  RequireRows(trials.shape, 3, rows, path, fmt::format("({}, repeats, neurons), a row an image", rows));
  const int64_t repeats = trials.shape[1], neurons = trials.shape[2];
  const auto absent = [](float value) { return std::isnan(value) || value < 0; };
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t repeat = 0; repeat < repeats; ++repeat) {
      const auto* first = trials.values.data() + (row * repeats + repeat) * neurons;
      const auto missing = std::count_if(first, first + neurons, absent);
      if (missing > 0 && missing < neurons)
        throw Error({.what = "a trial with some of its responses alone",
                     .where = fmt::format("{}, image {}, repeat {}", path, row, repeat),
                     .expected = "all neurons absent, or none",
                     .got = fmt::format("{} of {} absent", missing, neurons)});
      if (missing > 0) continue;
      recording.trial_image.push_back(image_of_row[static_cast<size_t>(row)]);
      recording.responses.values.insert(recording.responses.values.end(), first, first + neurons);
    }
  recording.responses.shape = {recording.trials(), neurons};
}

// A tier for every image: read, or drawn by the stream (seed, "tiers").
std::vector<Tier> TiersOfImages(const ImportOptions& options, const std::vector<int64_t>& image_of_row,
                                int64_t images) {
  std::vector<Tier> tiers(static_cast<size_t>(images), Tier::kTrain);
  if (options.tiers.empty()) {
    const std::vector<int64_t> order = RandomPermutation(images, RandomStream(options.seed, "tiers"));
    const int64_t held_out = images < 3 ? 0 : std::max<int64_t>(1, images / kHeldOutShare);
    for (int64_t i = 0; i < 2 * held_out; ++i)
      tiers[order[i]] = i < held_out ? Tier::kValidation : Tier::kTest;
    return tiers;
  }
  const NdArray<std::string> names = ReadNpyStrings(options.tiers);
  const auto rows = static_cast<int64_t>(image_of_row.size());
  RequireRows(names.shape, 1, rows, options.tiers, fmt::format("({},), a name an image", rows));
  std::vector<bool> named(static_cast<size_t>(images), false);
  for (int64_t row = 0; row < rows; ++row) {
    const std::string where = fmt::format("{}, image {}", options.tiers, row);
    const auto image = static_cast<size_t>(image_of_row[static_cast<size_t>(row)]);
    const Tier tier = EnumFromName<Tier>(names.values[static_cast<size_t>(row)], "tier", where);
    if (named[image] && tiers[image] != tier)
      throw Error({.what = "an image in two tiers",
                   .where = where,
                   .expected = std::string(NameOf(tiers[image])) + ", as for the same pixels before",
                   .got = std::string(NameOf(tier))});
    tiers[image] = tier;
    named[image] = true;
  }
  return tiers;
}

NdArray<float> ReadPerTrial(const std::string& path, int64_t trials, int64_t columns) {
  NdArray<float> array = ReadNpy<float>(path);
  const std::vector<int64_t> expected = {trials, columns};
  if (array.shape != expected)
    throw Error({.what = "shape of the array",
                 .where = path,
                 .expected = FormatShape(expected) + ", a row a trial",
                 .got = FormatShape(array.shape)});
  return array;
}

// To 8 bits again, as everywhere. Copies that resizing makes equal stay images of their own.
void ResizeImages(const std::string& size, Recording& recording) {
  const auto [height, width] = ParseSize(size);
  ImageSet resized = Resize(recording.images, height, width);
  for (const float value : resized.floats)
    resized.bytes.push_back(static_cast<uint8_t>(std::lround(255 * std::clamp(value, 0.0f, 1.0f))));
  resized.floats.clear();
  recording.images = std::move(resized);
}

Recording ImportArrays(const ImportOptions& options) {
  if (options.images.empty() || options.responses.empty() == options.trials.empty())
    throw Error({.what = "what to import",
                 .expected = "a recording, or --images and either --responses or --trials",
                 .kind = ErrorKind::kUsage});
  Recording recording;
  recording.name = "imported";
  const std::vector<int64_t> image_of_row = MergeCopies(ReadGrayImages(options.images), recording);
  if (options.trials.empty())
    TakeResponses(options.responses, image_of_row, recording);
  else
    TakeTrials(options.trials, image_of_row, recording);
  const std::vector<Tier> tiers = TiersOfImages(options, image_of_row, recording.images.count());
  for (const int64_t image : recording.trial_image) recording.tiers.push_back(tiers[image]);
  if (!options.behavior.empty()) recording.behavior = ReadPerTrial(options.behavior, recording.trials(), 3);
  if (!options.pupil.empty()) recording.pupil_center = ReadPerTrial(options.pupil, recording.trials(), 2);
  CheckRecording(recording, "the import of " + options.images);
  return recording;
}

Recording ImportRecording(const ImportOptions& options) {
  for (const std::string* path : {&options.images, &options.responses, &options.trials, &options.behavior,
                                  &options.pupil, &options.tiers})
    if (!path->empty())
      throw Error({.what = "what to import",
                   .expected = "either a recording or arrays",
                   .got = options.recording + " and " + *path,
                   .kind = ErrorKind::kUsage});
  return ReadRecording(options.recording);
}

}  // namespace

Recording Import(const ImportOptions& options) {
  if (!options.resize.empty()) ParseSize(options.resize);  // before anything is read
  Recording recording = options.recording.empty() ? ImportArrays(options) : ImportRecording(options);
  if (!options.resize.empty()) ResizeImages(options.resize, recording);
  return recording;
}

void ImportFile(const ImportOptions& options, const std::filesystem::path& out) {
  Json config = OptionsToJson(options);
  for (const char* key : {"images", "responses", "trials", "behavior", "pupil", "tiers"})
    if (const auto path = config[key].get<std::string>(); !path.empty())
      config[key] = Sha256Hex(ReadFile(path));
  if (!options.recording.empty()) config["recording"] = RecordingHash(options.recording);
  WriteRecordingOnce(out, config, [&] { return Import(options); });
}

}  // namespace murine
