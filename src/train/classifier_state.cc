// SPDX-License-Identifier: Apache-2.0
#include "train/classifier_state.h"

#include "io/artifact.h"
#include "nn/checkpoint.h"

namespace murine {
namespace {

std::array<int64_t, kStages> StageChannels(int64_t width) {
  return {width, width, 2 * width, 4 * width, 8 * width};
}

std::vector<Sgd::Group> ParameterGroups(ResNet& network, StageSimilarity& similarity, double weight_decay) {
  return {{network->parameters(), weight_decay}, {similarity->parameters(), 0}};
}

void AddNetworks(SafeTensors& file, const std::string& prefix, const ClassifierState& state) {
  AddModule(file, prefix + "network.", *state.network);
  AddModule(file, prefix + "similarity.", *state.similarity);
}

void CopyNetworks(const SafeTensors& file, const std::string& prefix, ClassifierState& state,
                  const std::string& where) {
  CopyModule(file, prefix + "network.", *state.network, where);
  CopyModule(file, prefix + "similarity.", *state.similarity, where);
}

}  // namespace

ClassifierState::ClassifierState(const ResNetOptions& architecture, const TrainOptions& options)
    : network(architecture, options.seed),
      similarity(StageChannels(architecture.width)),
      sgd(ParameterGroups(network, similarity, options.weight_decay), options.momentum) {}

void ClassifierState::KeepAsBest(double validation_loss) {
  best_loss = validation_loss;
  best_epoch = epoch;
  best = {};
  AddNetworks(best, "", *this);
}

void ClassifierState::RestoreBest() { CopyNetworks(best, "", *this, "the best epoch"); }

void ClassifierState::StartNextEpoch() {
  ++epoch;
  step = 0;
  task_loss = similarity_loss = 0;
}

void WriteState(const std::filesystem::path& path, const ClassifierState& state, const Json& identity) {
  SafeTensors file;
  AddNetworks(file, "", state);
  state.sgd.AddState(file);
  for (const auto& [name, tensor] : state.best.tensors) file.tensors["best." + name] = tensor;
  AddTensor(file, "position", torch::tensor({state.epoch, state.step, state.best_epoch}, torch::kInt64));
  AddTensor(file, "losses",
            torch::tensor({state.task_loss, state.similarity_loss, state.best_loss}, torch::kFloat64));
  file.metadata["config"] = identity.dump();
  NoteThreads(file);
  WriteSafeTensors(path, file);
}

void ReadState(std::string_view bytes, const std::string& where, ClassifierState& state,
               const Json& identity) {
  const SafeTensors file = ParseSafeTensors(bytes, where);
  const auto config = file.metadata.find("config");
  RefuseOtherConfig(config == file.metadata.end() ? Json::object() : ParseJson(config->second, where),
                    identity, where);
  WarnOfOtherThreads(file, where);
  CopyNetworks(file, "", state, where);
  state.sgd.CopyState(file, where);
  for (const auto& [name, tensor] : file.tensors)
    if (name.starts_with("best.")) state.best.tensors[name.substr(5)] = tensor;
  const torch::Tensor position = torch::zeros({3}, torch::kInt64),
                      losses = torch::zeros({3}, torch::kFloat64);
  CopyTensor(file, "position", position, where);
  CopyTensor(file, "losses", losses, where);
  state.epoch = position[0].item<int64_t>();
  state.step = position[1].item<int64_t>();
  state.best_epoch = position[2].item<int64_t>();
  state.task_loss = losses[0].item<double>();
  state.similarity_loss = losses[1].item<double>();
  state.best_loss = losses[2].item<double>();
}

void WriteModel(const std::filesystem::path& path, const ClassifierState& state, const Json& identity,
                const Json& result) {
  SafeTensors file;
  AddModule(file, "", *state.network);
  file.metadata["resnet"] = OptionsToJson(state.network->options()).dump();
  file.metadata["config"] = identity.dump();
  file.metadata["result"] = result.dump();
  WriteSafeTensors(path, file);
}

}  // namespace murine
