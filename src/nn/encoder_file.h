// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "io/safetensors.h"
#include "nn/encoder.h"

namespace murine {

// What stands before the names of a recording's own tensors: nothing if it is the only one, else "scan0.",
// "scan1." ...
std::string ScanPrefix(size_t scans, size_t scan);

// Encoding models that share a core, to and from safetensors: the core once, as `prefix` + "core.", the rest
// with its scan's prefix.
void AddEncoders(SafeTensors& file, const std::string& prefix, const std::vector<Encoder>& encoders);
void CopyEncoders(const SafeTensors& file, const std::string& prefix, std::vector<Encoder>& encoders,
                  const std::string& where);

// Models with one core: all options but neurons, shifter and modulator must be the same.
std::vector<Encoder> MakeEncoders(const std::vector<EncoderOptions>& options, uint64_t seed);
struct NamedParameter {
  std::string name;  // within its encoder
  torch::Tensor values;
};

// Each parameter once, the core's first.
std::vector<NamedParameter> ParametersOf(const std::vector<Encoder>& encoders);

}  // namespace murine
