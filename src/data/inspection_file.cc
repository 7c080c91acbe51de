// SPDX-License-Identifier: Apache-2.0
#include "data/inspection_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "io/artifact.h"
#include "io/file.h"
#include "io/image_file.h"
#include "io/integrity.h"
#include "io/json_lines.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

using Scores = std::vector<double> Reliability::*;

// Names are those of the result, where it has them.
constexpr std::array<std::pair<const char*, Scores>, 8> kScores = {
    {{"sigma", &Reliability::sigma},
     {"eta", &Reliability::eta},
     {"w", &Reliability::w},
     {"oracle_correlation", &Reliability::oracle},
     {"oracle_correlation_conservative", &Reliability::oracle_conservative},
     {"fev", &Reliability::fev},
     {"split_half_reliability", &Reliability::split_half},
     {"split_half_spearman_brown", &Reliability::split_half_spearman_brown}}};

std::vector<double> MeanResponses(const Recording& recording) {
  const std::vector<bool> withheld = WithheldTrials(recording);
  std::vector<double> means(static_cast<size_t>(recording.neurons()), 0);
  int64_t counted = 0;
  for (int64_t t = 0; t < recording.trials(); ++t) {
    if (withheld[t]) continue;
    ++counted;
    for (size_t a = 0; a < means.size(); ++a) means[a] += recording.response(t)[a];
  }
  for (double& mean : means) mean /= static_cast<double>(std::max<int64_t>(1, counted));
  return means;
}

// Without repeats the scores are empty fields: 0 would be a figure.
std::string NeuronTable(const Recording& recording, const Reliability& reliability) {
  const auto units = recording.neuron_numbers.find("unit_ids");
  const std::vector<double> means = MeanResponses(recording);
  std::string text = "neuron,unit_id,mean_response";
  for (const auto& [name, scores] : kScores) text += fmt::format(",{}", name);
  text += "\n";
  for (size_t a = 0; a < means.size(); ++a) {
    const double unit = units == recording.neuron_numbers.end() ? static_cast<double>(a) : units->second[a];
    text += fmt::format("{},{},{:.9g}", a, unit, means[a]);
    for (const auto& [name, scores] : kScores)
      text += reliability.repeated() || scores == &Reliability::w
                  ? fmt::format(",{:.9g}", (reliability.*scores)[a])
                  : std::string(",");
    text += "\n";
  }
  return text;
}

// Twenty bins; values beyond the edges count in the last ones.
Json Histogram(const std::vector<double>& values, double low, double high) {
  constexpr int kBins = 20;
  std::vector<int64_t> counts(kBins, 0);
  std::vector<double> edges;
  for (int i = 0; i <= kBins; ++i) edges.push_back(low + (high - low) * i / kBins);
  for (const double value : values) {
    const double place = std::floor((value - low) / (high - low) * kBins);
    ++counts[static_cast<size_t>(std::clamp(place, 0.0, kBins - 1.0))];
  }
  return {{"edges", edges}, {"counts", counts}};
}

Json Histograms(const Reliability& reliability) {
  Json figures = Json::object();
  if (!reliability.repeated()) return figures;
  for (const auto& [name, scores] : kScores) {
    const std::vector<double>& values = reliability.*scores;
    const bool bounded =
        scores != &Reliability::sigma && scores != &Reliability::eta && scores != &Reliability::w;
    const double most = *std::max_element(values.begin(), values.end());
    figures[name] = bounded ? Histogram(values, -0.25, 1) : Histogram(values, 0, most > 0 ? most : 1);
  }
  return figures;
}

// Images evenly from first to last, four in a row, the first channel of each.
Picture ContactSheet(const ImageSet& images) {
  constexpr int64_t kMost = 12, kColumns = 4, kGap = 2;
  constexpr uint8_t kWhite = 255;
  const int64_t shown = std::min(kMost, images.count()), columns = std::min(kColumns, shown);
  const int64_t rows = (shown + columns - 1) / columns;
  Picture sheet;
  sheet.height = rows * (images.height + kGap) - kGap;
  sheet.width = columns * (images.width + kGap) - kGap;
  sheet.channels = 1;
  sheet.pixels.assign(static_cast<size_t>(sheet.height * sheet.width), kWhite);
  for (int64_t i = 0; i < shown; ++i) {
    const int64_t image = i * images.count() / shown;
    const int64_t top = i / columns * (images.height + kGap), left = i % columns * (images.width + kGap);
    for (int64_t y = 0; y < images.height; ++y)
      std::copy_n(images.bytes.begin() + image * images.image_size() + y * images.width, images.width,
                  sheet.pixels.begin() + (top + y) * sheet.width + left);
  }
  return sheet;
}

}  // namespace

Json InspectToFile(const fs::path& path, uint64_t seed, const fs::path& out) {
  const Json config = {{"recording", RecordingHash(path)}, {"seed", seed}};
  if (fs::exists(out)) {
    Json stored = ReadJson(out);
    RefuseOtherConfig(stored.is_object() && stored.contains("config") ? stored["config"] : Json::object(),
                      config, out);
    if (stored.is_object()) CheckBeside(out, stored.value("files", Json()), Missing::kRefuse);
    return stored;
  }
  const Recording recording = ReadRecording(path);
  Inspection inspection = InspectRecording(recording, seed);
  inspection.result["histograms"] = Histograms(inspection.reliability);
  inspection.result["config"] = config;
  const std::vector<std::string> beside = {".neurons.csv", ".images.png"};
  WriteFileAtomically(out.string() + beside[0], NeuronTable(recording, inspection.reliability));
  WritePng(out.string() + beside[1], ContactSheet(recording.images));
  inspection.result["files"] = HashesBeside(out, beside);
  WriteJson(out, inspection.result);  // last: where it is, all is there
  return inspection.result;
}

}  // namespace murine
