// SPDX-License-Identifier: Apache-2.0
#include "train/held_out.h"

#include <fmt/format.h>

#include "io/artifact.h"
#include "nn/checkpoint.h"
#include "nn/tensor.h"
#include "train/baselines.h"
#include "train/fit_loop.h"

namespace murine {
namespace {

void AppendRows(NdArray<float>& all, const NdArray<float>& more) {
  if (all.shape.empty()) {
    all = more;
    return;
  }
  all.shape[0] += more.shape[0];
  all.values.insert(all.values.end(), more.values.begin(), more.values.end());
}

void AppendIndex(std::vector<int64_t>& all, const std::vector<int64_t>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

// Calls visit(name, array) for each of the arrays.
void VisitArrays(auto& held_out, const auto& visit) {
  visit("encoder", held_out.encoder);
  visit("ridge", held_out.ridge);
  visit("linear", held_out.linear);
  visit("denoised", held_out.denoised);
}

NdArray<int64_t> Column(const std::vector<int64_t>& values) { return {{std::ssize(values)}, values}; }

}  // namespace

std::vector<HeldOut> PredictHeldOut(FitState& state, const std::vector<FitData>& data) {
  std::vector<HeldOut> all;
  for (size_t k = 0; k < data.size(); ++k) {
    HeldOut held_out;
    held_out.trials = data[k].HeldOut();
    held_out.encoder = PredictTrials(state.encoders[k], data[k], held_out.trials).predicted;
    BaselinePredictions baselines = PredictBaselines(data[k]);
    held_out.ridge = std::move(baselines.ridge);
    held_out.linear = std::move(baselines.linear);
    held_out.images = ImagesShown(data[k].recording, held_out.trials);
    held_out.denoised = {{0, data[k].recording.neurons()}, {}};
    if (!data[k].recording.truth.values.empty())
      held_out.denoised = Denoise(state.encoders[k], data[k], held_out.images);
    all.push_back(std::move(held_out));
  }
  return all;
}

void Append(std::vector<HeldOut>& all, const std::vector<HeldOut>& fold) {
  all.resize(fold.size());
  for (size_t k = 0; k < fold.size(); ++k) {
    AppendIndex(all[k].trials, fold[k].trials);
    AppendIndex(all[k].images, fold[k].images);
    AppendRows(all[k].encoder, fold[k].encoder);
    AppendRows(all[k].ridge, fold[k].ridge);
    AppendRows(all[k].linear, fold[k].linear);
    AppendRows(all[k].denoised, fold[k].denoised);
  }
}

void WriteHeldOut(const std::filesystem::path& path, const std::vector<HeldOut>& fold, const Json& identity) {
  SafeTensors file;
  for (size_t k = 0; k < fold.size(); ++k) {
    const std::string prefix = fmt::format("{}.", k);
    VisitArrays(fold[k],
                [&](const char* name, const NdArray<float>& array) { file.Add(prefix + name, array); });
    file.Add(prefix + "trials", Column(fold[k].trials));
    file.Add(prefix + "images", Column(fold[k].images));
  }
  file.metadata["config"] = identity.dump();
  WriteSafeTensors(path, file);
}

std::vector<HeldOut> ReadHeldOut(const std::filesystem::path& path, size_t recordings, const Json& identity) {
  const std::string where = path.string();
  const SafeTensors file = ReadSafeTensors(path);
  const auto config = file.metadata.find("config");
  RefuseOtherConfig(config == file.metadata.end() ? Json::object() : ParseJson(config->second, where),
                    identity, path);
  std::vector<HeldOut> fold(recordings);
  for (size_t k = 0; k < recordings; ++k) {
    const std::string prefix = fmt::format("{}.", k);
    VisitArrays(fold[k],
                [&](const char* name, NdArray<float>& array) { array = file.Floats(prefix + name, where); });
    const auto index = [&](const std::string& name, int64_t count) {
      const torch::Tensor values = torch::zeros({count}, torch::kInt64);
      CopyTensor(file, prefix + name, values, where);
      const auto* data = values.data_ptr<int64_t>();
      return std::vector<int64_t>(data, data + count);
    };
    fold[k].trials = index("trials", fold[k].encoder.rows());
    const auto images = file.tensors.find(prefix + "images");
    fold[k].images = index("images", images == file.tensors.end() ? 0 : images->second.shape.at(0));
  }
  return fold;
}

}  // namespace murine
