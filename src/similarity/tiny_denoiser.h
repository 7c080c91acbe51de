// SPDX-License-Identifier: Apache-2.0
// A small encoding model for tests.
#pragma once

#include <filesystem>
#include <string>

#include "nn/checkpoint.h"
#include "nn/encoder.h"
#include "nn/tensor.h"

namespace murine {

// Of random weights, for images of 6 x 8; w is 0.5, 1, 1.5 ..., v 0.9, 0.8, 0.7 ... `repeated`: whether w
// rests on repeats, "true" or "false" as `fit` notes it.
inline void WriteTinyDenoiser(const std::filesystem::path& path, int64_t neurons, uint64_t seed,
                              const std::string& repeated = "true") {
  const EncoderOptions options{.channels = 4,
                               .layers = 2,
                               .input_kernel = 3,
                               .hidden_kernel = 3,
                               .height = 6,
                               .width = 8,
                               .neurons = neurons,
                               .shifter = false,
                               .modulator = true};
  Encoder encoder(options, seed);
  {
    torch::NoGradGuard no_grad;  // neurons that differ in more than their places
    for (auto& entry : encoder->named_parameters())
      if (entry.key() == "readout.weights")
        entry.value().copy_(NormalTensor(entry.value().sizes(), 1, RandomStream(seed, "readout")));
  }
  SafeTensors file;
  AddModule(file, "", *encoder);
  NdArray<float> w{{neurons}, {}}, v{{neurons}, {}};
  for (int64_t a = 0; a < neurons; ++a) {
    w.values.push_back(0.5f * static_cast<float>(a + 1));
    v.values.push_back(0.9f - 0.1f * static_cast<float>(a));
  }
  file.Add("reliability_w", w);
  file.Add("validity_v", v);
  file.metadata["encoding_model"] = OptionsToJson(options).dump();
  file.metadata["repeated"] = repeated;
  WriteSafeTensors(path, file);
}

}  // namespace murine
