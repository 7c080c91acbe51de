// SPDX-License-Identifier: Apache-2.0
#include "train/fit_result.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "data/reliability.h"
#include "io/artifact.h"
#include "io/file.h"
#include "nn/checkpoint.h"
#include "nn/tensor.h"
#include "similarity/unit_vectors.h"

namespace murine {
namespace {

constexpr size_t kBatch = 128;

template <class Predictor>
NdArray<float> InBatches(std::span<const int64_t> index, int64_t neurons, Predictor&& predict) {
  torch::NoGradGuard no_grad;
  NdArray<float> rows{{static_cast<int64_t>(index.size()), neurons}, {}};
  for (size_t first = 0; first < index.size(); first += kBatch) {
    const NdArray<float> part =
        ToNdArray(predict(index.subspan(first, std::min(kBatch, index.size() - first))));
    rows.values.insert(rows.values.end(), part.values.begin(), part.values.end());
  }
  return rows;
}

NdArray<float> Denoise(Encoder& encoder, const FitData& data, std::span<const int64_t> images) {
  encoder->eval();
  return InBatches(images, data.recording.neurons(), [&](std::span<const int64_t> part) {
    return encoder->Denoised(data.images.index_select(0, ToTensor(part)));
  });
}

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
// all pairs of held-out images. Every neuron is weighed by w, predictions by v too (method.md section 4).
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

void WriteNeurons(const std::filesystem::path& path,
                  const std::vector<std::pair<std::string, std::vector<double>>>& columns) {
  std::string csv = "neuron";
  for (const auto& [name, values] : columns) csv += "," + name;
  for (size_t a = 0; a < columns[0].second.size(); ++a) {
    csv += fmt::format("\n{}", a);
    for (const auto& [name, values] : columns) csv += fmt::format(",{:.6g}", values[a]);
  }
  WriteFileAtomically(path, csv + "\n");
}

}  // namespace

TrialPredictions PredictTrials(Encoder& encoder, const FitData& data, std::span<const int64_t> trials) {
  encoder->eval();
  TrialPredictions predictions{{trials.begin(), trials.end()}, {}};
  predictions.predicted = InBatches(trials, data.recording.neurons(), [&](std::span<const int64_t> part) {
    return encoder->Respond(encoder->Features(data.Images(part)), data.Behavior(part)) *
           encoder->response_scale();
  });
  return predictions;
}

Json WriteFitResult(const std::filesystem::path& out, FitState& state, const FitData& data,
                    const Json& identity) {
  const Reliability reliability = MeasureReliability(data.recording, 0);
  const std::vector<int64_t> images = ImagesShown(data.recording, data.HeldOut());
  const NdArray<float> denoised = Denoise(state.encoder, data, images);
  const EncodingScores scores =
      ScoreEncoding(data.recording, PredictTrials(state.encoder, data, data.HeldOut()), images, denoised);
  std::vector<double> v = scores.single_trial;
  for (double& value : v) value = std::max(0.0, value);

  Json scan = SummarizeScores(scores, reliability);
  AddTrueSimilarity(scan, data, images, denoised, reliability.w, v);
  Json result = {{"validation_correlation", state.best}};
  result.update(scan);
  result["neurons"] = data.recording.neurons();
  result["held_out"] = data.test.empty() ? "validation" : "test";
  result["repeated"] = reliability.repeated();
  result["epochs"] = state.epoch;
  result["best_epoch"] = state.best_epoch;
  Json of_recording = {{"name", data.recording.name}, {"neurons", data.recording.neurons()}};
  of_recording.update(scan);
  result["per_recording"] = Json::array({of_recording});

  std::vector<std::pair<std::string, std::vector<double>>> columns = {
      {"reliability_w", reliability.w},
      {"validity_v", v},
      {"oracle_correlation", reliability.oracle},
      {"single_trial_correlation", scores.single_trial}};
  const auto add = [&](const char* name, const std::vector<double>& values) {
    if (!values.empty()) columns.emplace_back(name, values);
  };
  add("correlation_to_average", scores.to_average);
  add("fev", scores.fev);
  add("feve", scores.feve);
  add("truth_correlation", scores.truth);
  SafeTensors file;
  AddModule(file, "", *state.encoder);
  for (const auto& [name, values] : columns)
    file.Add(name, NdArray<float>{{data.recording.neurons()}, {values.begin(), values.end()}});
  file.metadata["encoding_model"] = OptionsToJson(state.encoder->options()).dump();
  file.metadata["config"] = identity.dump();
  file.metadata["result"] = result.dump();
  file.metadata["repeated"] = reliability.repeated() ? "true" : "false";
  WriteNeurons(out.string() + ".neurons.csv", columns);
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
  return json("result");
}

}  // namespace murine
