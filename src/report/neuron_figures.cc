// SPDX-License-Identifier: Apache-2.0
#include "report/neuron_figures.h"

#include <fmt/format.h>

#include "io/file.h"
#include "io/integrity.h"
#include "report/experiment_file.h"
#include "report/png_address.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLargestModelFigures = int64_t{1} << 28;

// A map that is relative to its largest size.
Json Map(const Field& map, int64_t pixels) {
  return Required(map["values"].Numbers(static_cast<size_t>(pixels), -1, 1), map["values"]);
}

Json Responses(const Field& lists) {
  const std::vector<Field> images = lists["image_ids"].Entries(), repeats = lists["repeats"].Entries(),
                           recorded = lists["recorded"].Entries(), errors = lists["standard_error"].Entries(),
                           predicted = lists["predicted"].Entries();
  for (const auto* list : {&repeats, &recorded, &errors, &predicted})
    if (list->size() != images.size()) lists.Refuse("lists of the same length");
  Json responses = Json::array();
  for (size_t i = 0; i < images.size(); ++i)
    responses.push_back({{"image", images[i].Number(-kAny, kAny)},
                         {"repeats", repeats[i].Count()},
                         {"recorded", Required(recorded[i].Number(-kAny, kAny), recorded[i])},
                         {"se", errors[i].Number(0, kAny)},
                         {"predicted", Required(predicted[i].Number(-kAny, kAny), predicted[i])}});
  return responses;
}

Json Neuron(const Field& neuron, int64_t pixels) {
  return {{"rank", neuron["rank"].RequiredText()},
          {"neuron", Required(neuron["neuron"].Count(), neuron["neuron"])},
          {"single_trial_correlation", neuron["single_trial_correlation"].Number(-1, 1)},
          {"correlation_to_average", neuron["correlation_to_average"].Number(-1, 1)},
          {"limit", neuron["gradient"]["limit"].Number(0, kAny)},
          {"size_limit", neuron["gradient_size"]["limit"].Number(0, kAny)},
          {"gradient", Map(neuron["gradient"], pixels)},
          {"size", Map(neuron["gradient_size"], pixels)},
          {"responses", Responses(neuron["responses"])}};
}

}  // namespace

Json NeuronFigures(const Field& figures, const fs::path& model) {
  constexpr int64_t kMostPixels = int64_t{1} << 24;
  const std::vector<Field> recordings = figures["recordings"].Entries();
  Json list = Json::array();
  for (size_t k = 0; k < recordings.size(); ++k) {
    const Field& recording = recordings[k];
    Json shown = {{"name", recording["name"].RequiredText()},
                  {"gradient_images", recording["gradient_images"].Count()}};
    for (const char* key : {"height", "width"}) {
      shown[key] = Required(recording[key].Count(), recording[key]);
      if (shown[key] > kMostPixels) recording[key].Refuse("the size of an image");
    }
    const std::string scan = recordings.size() > 1 ? fmt::format("scan{}.", k) : "";
    shown["png"] = PngAddress(fmt::format("{}.{}fields.png", model.string(), scan));
    shown["neurons"] = Json::array();
    for (const Field& neuron : recording["neurons"].Entries())
      shown["neurons"].push_back(
          Neuron(neuron, shown["height"].get<int64_t>() * shown["width"].get<int64_t>()));
    list.push_back(std::move(shown));
  }
  return list;
}

Json ExperimentNeuronFigures(const fs::path& folder, const Field& row) {
  if (folder.empty()) return nullptr;
  const auto model = ExperimentFile(folder / "models", row, ".safetensors");
  if (!model || !fs::exists(model->string() + ".figures.json")) return nullptr;
  const std::string where = model->filename().string() + ".figures.json";
  const Json stored =
      ParseHashedJson(ReadFile(model->string() + ".figures.json", kLargestModelFigures), where).value;
  return NeuronFigures(Field(stored, where), *model);
}

}  // namespace murine
