// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder_file.h"

#include <fmt/format.h>

#include "nn/checkpoint.h"

namespace murine {
namespace {

constexpr std::string_view kCore = "core.";

}  // namespace

std::string ScanPrefix(size_t scans, size_t scan) {
  return scans == 1 ? std::string() : fmt::format("scan{}.", scan);
}

void AddEncoders(SafeTensors& file, const std::string& prefix, const std::vector<Encoder>& encoders) {
  for (size_t k = 0; k < encoders.size(); ++k) {
    SafeTensors scan;
    AddModule(scan, "", *encoders[k]);
    for (auto& [name, tensor] : scan.tensors)
      file.tensors[prefix + (name.starts_with(kCore) ? "" : ScanPrefix(encoders.size(), k)) + name] =
          std::move(tensor);
  }
}

void CopyEncoders(const SafeTensors& file, const std::string& prefix, std::vector<Encoder>& encoders,
                  const std::string& where) {
  for (size_t k = 0; k < encoders.size(); ++k) {
    const std::string own = prefix + ScanPrefix(encoders.size(), k), core = prefix + std::string(kCore);
    SafeTensors scan;
    for (const auto& [name, tensor] : file.tensors)
      if (name.starts_with(core))
        scan.tensors[name.substr(prefix.size())] = tensor;
      else if (name.starts_with(own))
        scan.tensors[name.substr(own.size())] = tensor;
    CopyModule(scan, "", *encoders[k], where);
  }
}

std::vector<Encoder> MakeEncoders(const std::vector<EncoderOptions>& options, uint64_t seed) {
  std::vector<Encoder> encoders;
  for (const EncoderOptions& each : options)
    encoders.push_back(encoders.empty() ? Encoder(each, seed) : Encoder(each, seed, encoders[0]->core()));
  return encoders;
}

std::vector<NamedParameter> ParametersOf(const std::vector<Encoder>& encoders) {
  std::vector<NamedParameter> parameters;
  for (size_t k = 0; k < encoders.size(); ++k)
    for (const auto& entry : encoders[k]->named_parameters())
      if (k == 0 || !entry.key().starts_with(kCore)) parameters.push_back({entry.key(), entry.value()});
  return parameters;
}

}  // namespace murine
