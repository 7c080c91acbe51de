// SPDX-License-Identifier: Apache-2.0
#include "train/fit_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "nn/tensor.h"
#include "train/matrix.h"

namespace murine {
namespace {

torch::Tensor RowsOf(const NdArray<float>& array, std::span<const int64_t> rows) {
  const int64_t size = array.row_size();
  torch::Tensor gathered = torch::empty({static_cast<int64_t>(rows.size()), size});
  for (size_t i = 0; i < rows.size(); ++i)
    std::copy_n(array.values.begin() + rows[i] * size, size, Values(gathered).begin() + i * size);
  return gathered;
}

// Columns with mean 0 and length 1; constant columns become 0.
torch::Tensor UnitColumns(const torch::Tensor& x) {
  const torch::Tensor centred = x - x.mean(0);
  return centred / centred.square().sum(0).sqrt().clamp_min(1e-6);
}

constexpr int64_t kStride = 2;  // of the places that are looked at

}  // namespace

torch::Tensor FitData::Images(std::span<const int64_t> trials) const {
  std::vector<int64_t> shown;
  for (const int64_t trial : trials) shown.push_back(recording.trial_image[trial]);
  return images.index_select(0, ToTensor(std::span<const int64_t>(shown)));
}

torch::Tensor FitData::Responses(std::span<const int64_t> trials) const {
  return RowsOf(recording.responses, trials);
}

Conditions FitData::Behavior(std::span<const int64_t> trials) const {
  Conditions conditions;
  if (recording.has_behavior()) conditions.behavior = RowsOf(recording.behavior, trials);
  if (recording.has_pupil()) conditions.pupil_center = RowsOf(recording.pupil_center, trials);
  return conditions;
}

torch::Tensor FitData::Coordinates() const {
  if (recording.position_um.values.empty())
    throw Error({.what = "places from the cortex need cortical coordinates",
                 .where = recording.name,
                 .expected = "cell_motor_coordinates of the neurons",
                 .hint = "--places learned does without"});
  return ToTensor(recording.position_um);
}

FitData LoadFitData(const std::string& path) {
  FitData data;
  data.recording = ReadRecording(path);
  data.hash = RecordingHash(path);
  const ImageSet& images = data.recording.images;
  if (images.channels != 1)
    throw Error({.what = "encoding models see grayscale images",
                 .where = path,
                 .expected = "1 channel",
                 .got = fmt::format("{}", images.channels)});
  data.images = ToTensor(images.Floats(0, images.count()), {images.count(), 1, images.height, images.width});
  SplitByTier(data);
  const auto require = [&](const char* tier, const std::vector<int64_t>& trials) {
    if (trials.size() < 2)
      throw Error({.what = fmt::format("too few {} trials", tier),
                   .where = path,
                   .expected = "at least 2",
                   .got = fmt::format("{}", trials.size()),
                   .hint = "`murine inspect` shows the trials of each tier"});
  };
  require("train", data.train);
  require("validation", data.validation);
  return data;
}

std::vector<FitData> LoadFitData(const std::vector<std::string>& paths) {
  std::vector<FitData> data;
  for (const std::string& path : paths) {
    data.push_back(LoadFitData(path));
    const ImageSet &first = data[0].recording.images, &images = data.back().recording.images;
    if (images.height != first.height || images.width != first.width)
      throw Error({.what = "recordings that share a core show images of one size",
                   .where = path,
                   .expected = fmt::format("{} x {}, as {}", first.height, first.width, paths[0]),
                   .got = fmt::format("{} x {}", images.height, images.width),
                   .hint = "fit them one by one"});
  }
  return data;
}

void SplitByTier(FitData& data) {
  data.train = data.recording.TrialsOf(Tier::kTrain);
  data.validation = data.recording.TrialsOf(Tier::kValidation);
  data.test = data.recording.TrialsOf(Tier::kTest);
}

void SplitByFold(std::vector<FitData>& data, int64_t folds, int64_t fold, uint64_t seed) {
  const auto pixels = [](const ImageSet& images, int64_t image) {
    const int64_t size = images.height * images.width;
    return std::string_view(reinterpret_cast<const char*>(images.bytes.data()) + image * size,
                            static_cast<size_t>(size));
  };
  std::map<std::string_view, int64_t> number;  // of each distinct picture, in the order of the recordings
  for (const FitData& each : data)
    for (int64_t image = 0; image < each.recording.images.count(); ++image)
      number.try_emplace(pixels(each.recording.images, image), static_cast<int64_t>(number.size()));
  const auto rank = RandomPermutation(static_cast<int64_t>(number.size()), RandomStream(seed, "fit/folds"));
  constexpr int64_t kValidationShare = 10;
  for (FitData& each : data) {
    each.train.clear();
    each.validation.clear();
    each.test.clear();
    const std::vector<bool> withheld = WithheldTrials(each.recording);
    for (int64_t trial = 0; trial < each.recording.trials(); ++trial) {
      if (withheld[trial]) continue;
      const int64_t place = rank[number.at(pixels(each.recording.images, each.recording.trial_image[trial]))];
      // Shares are taken in turn; so is every tenth of the images that are not for testing, by their rank.
      const int64_t tested_before = place / folds + (place % folds > fold ? 1 : 0);
      const bool validation = (place - tested_before) % kValidationShare == fold % kValidationShare;
      (place % folds == fold ? each.test : validation ? each.validation : each.train).push_back(trial);
    }
    for (const auto* trials : {&each.train, &each.validation, &each.test})
      if (trials->size() < 2)
        throw Error({.what = fmt::format("too few images for {} folds", folds),
                     .where = each.recording.name,
                     .expected = "2 trials or more in each of training, validation and test",
                     .got = fmt::format("{} images", each.recording.images.count()),
                     .hint = "fewer --folds"});
  }
}

torch::Tensor LocalContrast(const torch::Tensor& images, int64_t stride) {
  static constexpr int64_t kWindow = 7;
  const auto smooth = [](const torch::Tensor& x, int64_t step) {
    return torch::avg_pool2d(x, kWindow, step, kWindow / 2, /*ceil_mode=*/false,
                             /*count_include_pad=*/false);
  };
  return smooth((images - smooth(images, 1)).square(), stride).squeeze(1).sqrt();
}

torch::Tensor ReceptiveFieldCentres(const FitData& data) {
  const torch::Tensor contrast = LocalContrast(data.images, kStride);
  std::vector<int64_t> shown;
  for (const int64_t trial : data.train) shown.push_back(data.recording.trial_image[trial]);
  const torch::Tensor maps =
      UnitColumns(contrast.flatten(1).index_select(0, ToTensor(std::span<const int64_t>(shown))))
          .contiguous();
  const torch::Tensor responses = UnitColumns(data.Responses(data.train)).contiguous();
  const torch::Tensor best = TransposedProduct(responses, maps).argmax(1);
  const auto coordinate = [](const torch::Tensor& index, int64_t size) {
    return (2.0 * kStride / static_cast<double>(std::max<int64_t>(1, size - 1))) * index.to(torch::kFloat32) -
           1;
  };
  const int64_t columns = contrast.size(2);
  const torch::Tensor row = best.div(columns, "floor"), column = best.remainder(columns);
  return torch::stack({coordinate(column, data.images.size(3)), coordinate(row, data.images.size(2))}, 1)
      .clamp(-1, 1);
}

}  // namespace murine
