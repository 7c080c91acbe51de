// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "base/options.h"

namespace murine {

struct ExportOptions {
  std::string model;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("model", self.model, "run folder of `murine train`, or its model.safetensors");
  }
};

// Writes a trained classifier as other tools load it, by the ending of `out`: .safetensors (torchvision's
// names; metadata "format" = "pt") or .onnx (nn/onnx_file.h). Both carry the metadata of the run ("resnet",
// "config", "result"), "input" in words, and the hash of the model they came from. Returns {"format",
// "parameters", "input", "output", and "opset"}. Errors: an ending of another kind, not a classifier that
// murine trained, an `out` that is another file.
Json ExportModel(const ExportOptions& options, const std::filesystem::path& out);

}  // namespace murine
