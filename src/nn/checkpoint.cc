// SPDX-License-Identifier: Apache-2.0
#include "nn/checkpoint.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/error.h"
#include "base/options.h"

namespace murine {
namespace {

struct StoredType {
  const char* name;
  torch::ScalarType type;
};

constexpr StoredType kStoredTypes[] = {
    {"F32", torch::kFloat32}, {"F64", torch::kFloat64}, {"I64", torch::kInt64}};

constexpr int64_t kSmall = 1 << 24;  // values that may be asked for without having them

// BatchNorm's step counter says nothing in evaluation and nothing in training with a fixed momentum.
bool Stored(const std::string& name) { return !name.ends_with("num_batches_tracked"); }

void ForEachTensor(const torch::nn::Module& module, const auto& visit) {
  for (const auto& entry : module.named_parameters())
    if (Stored(entry.key())) visit(entry.key(), entry.value());
  for (const auto& entry : module.named_buffers())
    if (Stored(entry.key())) visit(entry.key(), entry.value());
}

}  // namespace

void AddTensor(SafeTensors& file, const std::string& name, const torch::Tensor& tensor) {
  const torch::Tensor plain = tensor.detach().to(torch::kCPU).contiguous();
  for (const StoredType& stored : kStoredTypes) {
    if (plain.scalar_type() != stored.type) continue;
    const auto* data = static_cast<const char*>(plain.data_ptr());
    file.tensors[name] = {stored.name, plain.sizes().vec(), std::string(data, plain.nbytes())};
    return;
  }
  throw Error(
      {.what = "tensor type cannot be stored", .where = name, .got = std::string(plain.dtype().name())});
}

void CopyTensor(const SafeTensors& file, const std::string& name, torch::Tensor like,
                const std::string& where) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) {
    std::vector<std::string> known;
    for (const auto& [each, tensor] : file.tensors) known.push_back(each);
    ThrowUnknownName("tensor", name, where, known);
  }
  const StoredTensor& stored = found->second;
  if (stored.shape != like.sizes().vec())
    throw Error({.what = "shape of tensor " + name,
                 .where = where,
                 .expected = FormatShape(like.sizes().vec()),
                 .got = FormatShape(stored.shape)});
  for (const StoredType& type : kStoredTypes) {
    if (stored.dtype != type.name) continue;
    torch::NoGradGuard no_grad;
    like.copy_(torch::from_blob(const_cast<char*>(stored.bytes.data()), stored.shape, type.type));
    return;
  }
  throw Error(
      {.what = "type of tensor " + name, .where = where, .expected = "F32, F64 or I64", .got = stored.dtype});
}

void AddModule(SafeTensors& file, const std::string& prefix, const torch::nn::Module& module) {
  ForEachTensor(module, [&](const std::string& name, const torch::Tensor& tensor) {
    AddTensor(file, prefix + name, tensor);
  });
}

void CopyModule(const SafeTensors& file, const std::string& prefix, torch::nn::Module& module,
                const std::string& where) {
  ForEachTensor(module, [&](const std::string& name, const torch::Tensor& tensor) {
    CopyTensor(file, prefix + name, tensor, where);
  });
}

void RequireStored(const SafeTensors& file, int64_t values, const std::string& where) {
  int64_t stored = 0;
  for (const auto& [name, tensor] : file.tensors)
    stored += static_cast<int64_t>(tensor.bytes.size() / sizeof(float));
  if (values > stored + kSmall)
    throw Error({.what = "the metadata name a larger model than the file holds",
                 .where = where,
                 .expected = fmt::format("{} values for what the metadata say", values),
                 .got = fmt::format("{} values", stored),
                 .hint = "the file is damaged or not what it says: get or make it again"});
}

void NoteThreads(SafeTensors& state) { state.metadata["threads"] = std::to_string(torch::get_num_threads()); }

void WarnOfOtherThreads(const SafeTensors& state, const std::string& where) {
  const auto found = state.metadata.find("threads");
  const std::string now = std::to_string(torch::get_num_threads());
  if (found == state.metadata.end() || found->second == now) return;
  spdlog::warn(
      "{}: made with --threads {}, gone on from with {}: the last bits will be those of neither number alone",
      where, found->second, now);
}

}  // namespace murine
