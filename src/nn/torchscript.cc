// SPDX-License-Identifier: Apache-2.0
#include "nn/torchscript.h"

#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <fstream>
#include <memory>

#include "base/error.h"
#include "base/hash.h"
#include "io/file.h"

namespace murine {
namespace {

// The first line says what happened; the rest is a trace of libtorch.
std::string FirstLine(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

torch::Tensor Probe(const Classifier& classifier, const std::string& where, int64_t channels, int64_t height,
                    int64_t width) {
  torch::NoGradGuard no_grad;
  torch::Tensor logits;
  try {
    logits = classifier.logits(torch::full({1, channels, height, width}, 0.5));
  } catch (const std::exception& error) {
    throw Error(
        {.what = "the TorchScript model does not take these images",
         .where = where,
         .expected = fmt::format("a tensor of logits for images of {} x {} x {}", channels, height, width),
         .got = FirstLine(error),
         .hint = channels == 1 ? "does it see colour? then it wants images with colours, and --color" : ""});
  }
  if (logits.dim() != 2 || logits.size(0) != 1 || logits.size(1) < 2 ||
      logits.scalar_type() != torch::kFloat32)
    throw Error({.what = "the TorchScript model does not give logits",
                 .where = where,
                 .expected = "float32 [n, classes]",
                 .got = fmt::format("{} of {} axes", std::string(logits.dtype().name()), logits.dim())});
  if (!logits.isfinite().all().item<bool>())
    throw Error({.what = "the model gives logits that are not finite", .where = where + ", a gray image"});
  return logits;
}

}  // namespace

bool LooksLikeTorchScript(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  file.read(magic, sizeof(magic));
  return file && std::string_view(magic, sizeof(magic)) == std::string_view("PK\x03\x04", 4);
}

Classifier LoadTorchScript(const std::filesystem::path& path, int64_t channels, int64_t height,
                           int64_t width) {
  // The first calls would be profiled and later ones run otherwise compiled: their bits might differ.
  torch::jit::setGraphExecutorOptimize(false);
  const auto module = std::make_shared<torch::jit::Module>();
  try {
    *module = torch::jit::load(path.string(), torch::kCPU);
  } catch (const std::exception& error) {
    throw Error({.what = "not a TorchScript file, or a damaged one",
                 .where = path.string(),
                 .got = FirstLine(error),
                 .hint = "make it by torch.jit.script(model.eval()).save(FILE)"});
  }
  module->eval();
  for (torch::Tensor parameter : module->parameters()) parameter.set_requires_grad(false);
  Classifier classifier;
  classifier.logits = [module](const torch::Tensor& images) { return module->forward({images}).toTensor(); };
  classifier.channels = channels;
  classifier.height = height;
  classifier.width = width;
  classifier.classes = Probe(classifier, path.string(), channels, height, width).size(1);
  classifier.description =
      fmt::format("TorchScript, {} classes, {}x{}x{}", classifier.classes, channels, height, width);
  classifier.hash = Sha256Hex(ReadFile(path));
  return classifier;
}

}  // namespace murine
