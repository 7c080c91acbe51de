// SPDX-License-Identifier: Apache-2.0
#include "train/fit_data.h"

#include <dnnl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"
#include "nn/tensor.h"

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

// Mean squared deviation from the local mean, both over kWindow pixels, every kStride pixels: [image, h',
// w'].
constexpr int64_t kWindow = 7, kStride = 2;

torch::Tensor LocalContrast(const torch::Tensor& images) {
  const auto smooth = [](const torch::Tensor& x, int64_t stride) {
    return torch::avg_pool2d(x, kWindow, stride, kWindow / 2, /*ceil_mode=*/false,
                             /*count_include_pad=*/false);
  };
  return smooth((images - smooth(images, 1)).square(), kStride).squeeze(1).sqrt();
}

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
  data.train = data.recording.TrialsOf(Tier::kTrain);
  data.validation = data.recording.TrialsOf(Tier::kValidation);
  data.test = data.recording.TrialsOf(Tier::kTest);
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

torch::Tensor ReceptiveFieldCentres(const FitData& data) {
  const torch::Tensor contrast = LocalContrast(data.images);  // [image, h', w']
  std::vector<int64_t> shown;
  for (const int64_t trial : data.train) shown.push_back(data.recording.trial_image[trial]);
  const torch::Tensor maps =
      UnitColumns(contrast.flatten(1).index_select(0, ToTensor(std::span<const int64_t>(shown))))
          .contiguous();
  const torch::Tensor responses = UnitColumns(data.Responses(data.train)).contiguous();
  const int64_t trials = maps.size(0), places = maps.size(1), neurons = responses.size(1);
  torch::Tensor correlation = torch::empty({neurons, places});  // responses^T maps
  if (dnnl_sgemm('T', 'N', neurons, places, trials, 1.f, responses.data_ptr<float>(), neurons,
                 maps.data_ptr<float>(), places, 0.f, correlation.data_ptr<float>(), places) != dnnl_success)
    throw Error({.what = "oneDNN could not multiply responses and contrasts"});
  const torch::Tensor best = correlation.argmax(1);
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
