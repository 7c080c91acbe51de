// SPDX-License-Identifier: Apache-2.0
#include "train/fit_result.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "data/recording_faults.h"
#include "data/reliability.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/integrity.h"
#include "io/json_lines.h"
#include "similarity/unit_vectors.h"
#include "train/example_neurons.h"

namespace murine {
namespace {

std::vector<double> UpperTriangle(NdArray<float> vectors, std::span<const double> weights) {
  const int64_t columns = vectors.row_size();
  for (size_t i = 0; i < vectors.values.size(); ++i)
    vectors.values[i] *= static_cast<float>(weights[static_cast<int64_t>(i) % columns]);
  const SimilarityMatrix matrix = Similarity(UnitVectors(std::move(vectors), "held-out images"));
  std::vector<double> values;
  for (int64_t i = 0; i < matrix.n; ++i)
    for (int64_t j = i + 1; j < matrix.n; ++j) values.push_back(matrix.at(i, j));
  return values;
}

// Null where an image's vector has no direction: a figure beside the fit must not end it.
Json TriangleCorrelation(const NdArray<float>& vectors, std::span<const double> weights,
                         const NdArray<float>& truth, std::span<const double> truth_weights) {
  try {
    return Correlation(UpperTriangle(vectors, weights), UpperTriangle(truth, truth_weights));
  } catch (const Error&) {
    return nullptr;
  }
}

// How well predictions, and single trials, tell how similar the noise-free responses are: correlations over
// all pairs of held-out images. Every neuron is weighed by w, predictions by v too (docs/targets.md).
void AddTrueSimilarity(Json& result, const FitData& data, std::span<const int64_t> images,
                       const NdArray<float>& denoised, const std::vector<double>& w,
                       const std::vector<double>& v) {
  const Recording& recording = data.recording;
  const int64_t neurons = recording.neurons();
  if (recording.truth.values.empty() || images.size() < 3) return;
  NdArray<float> truth{denoised.shape, {}}, single{denoised.shape, {}};
  for (const int64_t image : images) {
    const float* row = recording.truth.values.data() + image * neurons;
    truth.values.insert(truth.values.end(), row, row + neurons);
    const auto trial = std::find(recording.trial_image.begin(), recording.trial_image.end(), image);
    const auto response = recording.response(trial - recording.trial_image.begin());
    single.values.insert(single.values.end(), response.begin(), response.end());
  }
  std::vector<double> weights;
  for (size_t a = 0; a < w.size(); ++a) weights.push_back(w[a] * v[a]);
  result["similarity_truth_model"] = TriangleCorrelation(denoised, weights, truth, w);
  result["similarity_truth_single_trial"] = TriangleCorrelation(single, w, truth, w);
}

using Columns = std::vector<std::pair<std::string, std::vector<double>>>;  // name, [neuron]

void WriteNeurons(const std::filesystem::path& path, const Columns& columns) {
  std::string csv = "neuron";
  for (const auto& [name, values] : columns) csv += "," + name;
  for (size_t a = 0; a < columns[0].second.size(); ++a) {
    csv += fmt::format("\n{}", a);
    for (const auto& [name, values] : columns) csv += fmt::format(",{:.6g}", values[a]);
  }
  WriteFileAtomically(path, csv + "\n");
}

void Extend(std::vector<double>& all, const std::vector<double>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

// The truth of a neuron whose recording knows none.
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// One recording's neurons, or those of all.
struct Scored {
  EncodingScores scores;
  Reliability reliability;
  std::vector<double> ridge, linear, v;

  void Add(const Scored& more) {
    Extend(scores.single_trial, more.scores.single_trial);
    Extend(scores.to_average, more.scores.to_average);
    Extend(scores.fev, more.scores.fev);
    Extend(scores.feve, more.scores.feve);
    if (!more.scores.truth.empty()) {
      scores.truth.resize(scores.single_trial.size() - more.scores.single_trial.size(), kUnknown);
      Extend(scores.truth, more.scores.truth);
    } else if (!scores.truth.empty()) {
      scores.truth.resize(scores.single_trial.size(), kUnknown);
    }
    Extend(reliability.oracle, more.reliability.oracle);
    reliability.images = std::max(reliability.images, more.reliability.images);
    Extend(ridge, more.ridge);
    Extend(linear, more.linear);
  }

  Json Summary() const {
    Json summary = SummarizeScores(scores, reliability);
    summary["ridge_correlation"] = Mean(ridge);
    summary["linear_correlation"] = Mean(linear);
    return summary;
  }
};

Scored Score(const FitData& data, const HeldOut& held_out) {
  const Recording& recording = data.recording;
  Scored scored;
  scored.reliability = MeasureReliability(recording, 0);
  scored.scores =
      ScoreEncoding(recording, {held_out.trials, held_out.encoder}, held_out.images, held_out.denoised);
  scored.ridge = CorrelationOverTrials(recording, {held_out.trials, held_out.ridge});
  scored.linear = CorrelationOverTrials(recording, {held_out.trials, held_out.linear});
  scored.v = scored.scores.single_trial;
  for (double& value : scored.v) value = std::max(0.0, value);
  return scored;
}

Columns TableOf(const Scored& scored) {
  Columns columns = {{"reliability_w", scored.reliability.w},
                     {"validity_v", scored.v},
                     {"oracle_correlation", scored.reliability.oracle},
                     {"single_trial_correlation", scored.scores.single_trial},
                     {"ridge_correlation", scored.ridge},
                     {"linear_correlation", scored.linear}};
  const auto add = [&](const char* name, const std::vector<double>& values) {
    if (!values.empty()) columns.emplace_back(name, values);
  };
  add("correlation_to_average", scored.scores.to_average);
  add("fev", scored.scores.fev);
  add("feve", scored.scores.feve);
  add("truth_correlation", scored.scores.truth);
  return columns;
}

// One recording's entry as it is, several as a list.
Json OneOrList(const Json& list) { return list.size() == 1 ? list[0] : list; }

}  // namespace

Json WriteFitResult(const std::filesystem::path& out, FitState& state, const std::vector<FitData>& data,
                    const std::vector<HeldOut>& predictions, const std::string& held_out,
                    const Json& identity) {
  SafeTensors file;
  AddEncoders(file, "", state.encoders);
  Scored all;
  Json per_recording = Json::array(), architectures = Json::array(), repeated = Json::array(),
       examples = Json::array();
  Json similarity;
  std::vector<std::string> tables;
  for (size_t k = 0; k < data.size(); ++k) {
    const Recording& recording = data[k].recording;
    const Scored scored = Score(data[k], predictions[k]);
    if (const std::string few = FewRepeats(scored.reliability); !few.empty())
      spdlog::warn("{}: {}", recording.name, few);
    Json scan = {{"name", recording.name}, {"neurons", recording.neurons()}};
    scan.update(scored.Summary());
    similarity = Json::object();
    AddTrueSimilarity(similarity, data[k], predictions[k].images, predictions[k].denoised,
                      scored.reliability.w, scored.v);
    scan.update(similarity);
    per_recording.push_back(scan);
    architectures.push_back(OptionsToJson(state.encoders[k]->options()));
    repeated.push_back(scored.reliability.repeated());
    const std::string prefix = ScanPrefix(data.size(), k);
    const Columns columns = TableOf(scored);
    for (const auto& [name, values] : columns)
      file.Add(prefix + name, NdArray<float>{{recording.neurons()}, {values.begin(), values.end()}});
    tables.push_back(fmt::format(".{}neurons.csv", prefix));
    WriteNeurons(out.string() + tables.back(), columns);
    tables.push_back(fmt::format(".{}fields.png", prefix));
    examples.push_back(ExampleFigures(state.encoders[k], data[k], predictions[k], scored.scores,
                                      out.string() + tables.back()));
    all.Add(scored);
  }
  Json result = {{"validation_correlation", state.best}};
  result.update(all.Summary());
  if (data.size() == 1) result.update(similarity);
  result["neurons"] = all.ridge.size();
  result["held_out"] = held_out;
  result["repeated"] = all.reliability.repeated();
  result["epochs"] = state.epoch;
  result["best_epoch"] = state.best_epoch;
  result["per_recording"] = per_recording;
  result["files"] = HashesBeside(out, tables);
  file.metadata["encoding_model"] = OneOrList(architectures).dump();
  file.metadata["config"] = identity.dump();
  file.metadata["result"] = result.dump();
  file.metadata["repeated"] = OneOrList(repeated).dump();
  WriteJson(out.string() + ".figures.json", {{"scores", result}, {"recordings", examples}});
  WriteSafeTensors(out, file);
  return result;
}

Json StoredFitResult(const std::filesystem::path& out, const Json& identity) {
  const auto metadata = ReadSafeTensors(out).metadata;
  const auto json = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? Json::object() : ParseJson(found->second, out.string());
  };
  RefuseOtherConfig(json("config"), identity, out);
  const Json result = json("result");
  CheckBeside(out, result.value("files", Json()), Missing::kRefuse);
  return result;
}

}  // namespace murine
