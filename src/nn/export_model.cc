// SPDX-License-Identifier: Apache-2.0
#include "nn/export_model.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/integrity.h"
#include "nn/checkpoint.h"
#include "nn/load_resnet.h"
#include "nn/onnx_file.h"

namespace murine {
namespace {

using Metadata = std::map<std::string, std::string>;

Json SourceOf(const Metadata& metadata) {
  const auto found = metadata.find("source");
  return {{"model", found == metadata.end() ? Json("not an export of murine's") : Json(found->second)}};
}

// An export is known by the model it came from.
bool Finished(const std::filesystem::path& out, const Metadata& stored, const Metadata& wanted) {
  RefuseOtherConfig(SourceOf(stored), SourceOf(wanted), out);
  return true;
}

// ONNX files are made in a moment, and in one way: so they are compared whole.
bool FinishedOnnx(const std::filesystem::path& out, const ResNet& network, const Metadata& wanted) {
  if (!std::filesystem::exists(out)) return false;
  const std::string there = ReadFile(out);
  Finished(out, ReadOnnxMetadata(there, out.string()), wanted);
  if (const std::string whole = OnnxModel(network, wanted); there != whole)
    ThrowDamaged(out.string(), Sha256Hex(whole), Sha256Hex(there));
  return true;
}

bool FinishedSafeTensors(const std::filesystem::path& out, const Metadata& wanted) {
  return std::filesystem::exists(out) && Finished(out, ReadSafeTensors(out).metadata, wanted);
}

}  // namespace

Json ExportModel(const ExportOptions& options, const std::filesystem::path& out) {
  const std::string format = out.extension().string();
  if (format != ".onnx" && format != ".safetensors")
    throw Error({.what = "format of the export",
                 .expected = "--out with the ending .safetensors or .onnx",
                 .got = out.string(),
                 .kind = ErrorKind::kUsage});
  const StoredResNet stored = LoadResNet(options.model);
  const ResNetOptions& shape = stored.network->options();
  Metadata metadata = stored.metadata;
  metadata.erase("sha256");  // of the file it came from
  metadata.erase("hashed");
  metadata["source"] = stored.hash;
  metadata["input"] = "float32 images [batch, channels, height, width] in [0, 1]";
  std::string scaling = fmt::format("{} * (image - {})", shape.scale, shape.mean);
  if (shape.blur > 0)
    scaling += fmt::format(" of the image blurred with a Gaussian of {} pixels, edges reflected", shape.blur);
  int64_t parameters = 0;
  for (const torch::Tensor& parameter : stored.network->parameters()) parameters += parameter.numel();
  Json result = {{"format", format.substr(1)}, {"parameters", parameters}};
  if (format == ".onnx") {
    result["opset"] = kOnnxOpset;
    metadata["scaling"] = scaling + ", inside the model";
    if (!FinishedOnnx(out, stored.network, metadata))
      WriteFileAtomically(out, OnnxModel(stored.network, metadata));
  } else {
    metadata["format"] = "pt";  // what Python's tools ask for
    metadata["scaling"] = scaling + ", before conv1";
    if (!FinishedSafeTensors(out, metadata)) {
      SafeTensors file;
      AddModule(file, "", *stored.network);
      file.metadata = metadata;
      WriteSafeTensors(out, file);
    }
  }
  result["input"] = {"batch", shape.channels, shape.height, shape.image_width};
  result["output"] = {"batch", shape.classes};
  result["scaling"] = metadata["scaling"];
  return result;
}

}  // namespace murine
