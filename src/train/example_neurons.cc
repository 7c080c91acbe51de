// SPDX-License-Identifier: Apache-2.0
#include "train/example_neurons.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "io/color_scale.h"
#include "io/image_file.h"
#include "nn/tensor.h"
#include "train/receptive_fields.h"

namespace murine {
namespace {

constexpr size_t kMostImages = 200, kFieldImages = 100;

template <class T>
std::vector<T> AtEvenDistances(const std::vector<T>& all, size_t most) {
  if (all.size() <= most) return all;
  std::vector<T> chosen;
  for (size_t k = 0; k < most; ++k) chosen.push_back(all[k * all.size() / most]);
  return chosen;
}

// A map [h, w] with its largest size apart: {limit, values}, three digits, within -1 and 1.
Json MapToJson(const torch::Tensor& map) {
  constexpr double kSteps = 1000;
  const double limit = map.abs().max().item<double>();
  const torch::Tensor flat = (map / (limit > 0 ? limit : 1)).contiguous();
  Json values = Json::array();
  for (int64_t i = 0; i < flat.numel(); ++i)
    values.push_back(std::round(kSteps * flat.data_ptr<double>()[i]) / kSteps);
  return {{"limit", limit}, {"values", values}};
}

// Rows of maps side by side, each between its own limits: {gradient, size} a neuron.
Picture DrawFields(const Json& neurons, int64_t height, int64_t width) {
  constexpr int64_t kMaps = 2;
  Picture picture{static_cast<int64_t>(neurons.size()) * height, kMaps * width, 3, {}};
  for (const Json& neuron : neurons)
    for (int64_t y = 0; y < height; ++y)
      for (const char* map : {"gradient", "gradient_size"})
        for (int64_t x = 0; x < width; ++x) {
          const auto value = neuron[map]["values"][static_cast<size_t>(y * width + x)].get<double>();
          const Rgb color = map == std::string_view("gradient") ? DivergingColor(value) : HeatColor(value);
          picture.pixels.insert(picture.pixels.end(), color.begin(), color.end());
        }
  return picture;
}

}  // namespace

std::vector<ExampleNeuron> ChooseExamples(std::span<const double> single_trial) {
  std::vector<int64_t> order(single_trial.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return single_trial[a] < single_trial[b]; });
  std::vector<ExampleNeuron> chosen;
  for (const auto& [rank, share] : {std::pair{"10th percentile", 0.1},
                                    {"50th percentile", 0.5},
                                    {"90th percentile", 0.9},
                                    {"best", 1.0}}) {
    if (order.empty()) break;
    const double place = std::ceil(share * static_cast<double>(order.size())) - 1;
    const int64_t neuron = order[static_cast<size_t>(std::max(0.0, place))];
    // of few neurons: the better name counts
    if (!chosen.empty() && chosen.back().neuron == neuron) chosen.pop_back();
    chosen.push_back({rank, neuron});
  }
  return chosen;
}

Json ResponsesToImages(const Recording& recording, const TrialPredictions& predictions, int64_t neuron) {
  std::map<int64_t, std::vector<size_t>> shown;  // image -> rows of `predictions`
  for (size_t i = 0; i < predictions.trials.size(); ++i)
    shown[recording.trial_image[predictions.trials[i]]].push_back(i);
  const bool repeated =
      std::any_of(shown.begin(), shown.end(), [](const auto& entry) { return entry.second.size() > 1; });
  std::vector<std::pair<int64_t, std::vector<size_t>>> images;
  for (const auto& entry : shown)
    if (!repeated || entry.second.size() > 1) images.emplace_back(entry);

  Json responses = {{"image_ids", Json::array()},
                    {"repeats", Json::array()},
                    {"recorded", Json::array()},
                    {"standard_error", Json::array()},
                    {"predicted", Json::array()}};
  for (const auto& [image, rows] : AtEvenDistances(images, kMostImages)) {
    const auto n = static_cast<double>(rows.size());
    double recorded = 0, predicted = 0, squares = 0;
    const auto response = [&](size_t row) -> double {
      return recording.response(predictions.trials[row])[static_cast<size_t>(neuron)];
    };
    for (const size_t row : rows) {
      recorded += response(row) / n;
      predicted += predictions.predicted
                       .values[row * static_cast<size_t>(recording.neurons()) + static_cast<size_t>(neuron)] /
                   n;
    }
    for (const size_t row : rows) squares += (response(row) - recorded) * (response(row) - recorded);
    responses["image_ids"].push_back(recording.image_ids[static_cast<size_t>(image)]);
    responses["repeats"].push_back(rows.size());
    responses["recorded"].push_back(recorded);
    responses["standard_error"].push_back(rows.size() > 1 ? Json(std::sqrt(squares / (n - 1) / n))
                                                          : Json(nullptr));
    responses["predicted"].push_back(predicted);
  }
  return responses;
}

Json ExampleFigures(Encoder& encoder, const FitData& data, const HeldOut& held_out,
                    const EncodingScores& scores, const std::filesystem::path& png) {
  const std::vector<ExampleNeuron> chosen = ChooseExamples(scores.single_trial);
  std::vector<int64_t> neurons;
  for (const ExampleNeuron& each : chosen) neurons.push_back(each.neuron);
  const std::vector<int64_t> images = AtEvenDistances(held_out.images, kFieldImages);
  encoder->eval();
  const ReceptiveFields fields =
      MeasureReceptiveFields([&](const torch::Tensor& batch) { return encoder->Denoised(batch); },
                             data.images.index_select(0, ToTensor(images)), neurons);

  const int64_t height = data.recording.images.height, width = data.recording.images.width;
  Json figures = {{"name", data.recording.name},
                  {"height", height},
                  {"width", width},
                  {"gradient_images", images.size()},
                  {"neurons", Json::array()}};
  for (size_t k = 0; k < chosen.size(); ++k) {
    const auto a = static_cast<size_t>(chosen[k].neuron);
    Json neuron = {
        {"rank", chosen[k].rank},
        {"neuron", chosen[k].neuron},
        {"single_trial_correlation", scores.single_trial[a]},
        {"correlation_to_average", scores.to_average.empty() ? Json(nullptr) : Json(scores.to_average[a])},
        {"responses",
         ResponsesToImages(data.recording, {held_out.trials, held_out.encoder}, chosen[k].neuron)},
        {"gradient", MapToJson(fields.mean[static_cast<int64_t>(k)])},
        {"gradient_size", MapToJson(fields.size[static_cast<int64_t>(k)])}};
    figures["neurons"].push_back(std::move(neuron));
  }
  WritePng(png, DrawFields(figures["neurons"], height, width));
  return figures;
}

}  // namespace murine
