// SPDX-License-Identifier: Apache-2.0
#include "train/fit_state.h"

#include "io/artifact.h"
#include "nn/checkpoint.h"

namespace murine {

namespace {

// Every unit of the map from the cortex moves a place, and Adam moves all by as much: together they would
// bring it to the border within an epoch. Each takes its share of a step.
constexpr double kCortexPace = 1.0 / 30;

Adam MakeAdam(const std::vector<Encoder>& encoders) {
  std::vector<torch::Tensor> parameters;
  std::vector<double> paces;
  for (const NamedParameter& parameter : ParametersOf(encoders)) {
    parameters.push_back(parameter.values);
    paces.push_back(parameter.name.starts_with("readout.cortex.") ? kCortexPace : 1);
  }
  return Adam(parameters, paces);
}

}  // namespace

FitState::FitState(const std::vector<EncoderOptions>& architectures, uint64_t seed)
    : encoders(MakeEncoders(architectures, seed)), adam(MakeAdam(encoders)) {}

void FitState::KeepAsBest(double correlation) {
  best = correlation;
  best_epoch = epoch;
  best_weights = {};
  AddEncoders(best_weights, "", encoders);
}

void FitState::RestoreBest() { CopyEncoders(best_weights, "", encoders, "the best epoch"); }

void WriteFitState(const std::filesystem::path& path, const FitState& state, const Json& identity) {
  SafeTensors file;
  AddEncoders(file, "encoder.", state.encoders);
  state.adam.AddState(file);
  for (const auto& [name, tensor] : state.best_weights.tensors) file.tensors["best." + name] = tensor;
  AddTensor(file, "position",
            torch::tensor({state.epoch, state.decays, state.without_gain, state.best_epoch}, torch::kInt64));
  AddTensor(file, "best_correlation", torch::tensor({state.best}, torch::kFloat64));
  file.metadata["config"] = identity.dump();
  NoteThreads(file);
  WriteSafeTensors(path, file);
}

void ReadFitState(const std::filesystem::path& path, FitState& state, const Json& identity) {
  const SafeTensors file = ReadSafeTensors(path);
  const auto config = file.metadata.find("config");
  RefuseOtherConfig(config == file.metadata.end() ? Json::object() : ParseJson(config->second, path.string()),
                    identity, path);
  WarnOfOtherThreads(file, path.string());
  CopyEncoders(file, "encoder.", state.encoders, path.string());
  state.adam.CopyState(file, path.string());
  for (const auto& [name, tensor] : file.tensors)
    if (name.starts_with("best.")) state.best_weights.tensors[name.substr(5)] = tensor;
  const torch::Tensor position = torch::zeros({4}, torch::kInt64), best = torch::zeros({1}, torch::kFloat64);
  CopyTensor(file, "position", position, path.string());
  CopyTensor(file, "best_correlation", best, path.string());
  state.epoch = position[0].item<int64_t>();
  state.decays = position[1].item<int64_t>();
  state.without_gain = position[2].item<int64_t>();
  state.best_epoch = position[3].item<int64_t>();
  state.best = best.item<double>();
}

}  // namespace murine
