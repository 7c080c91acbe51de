// SPDX-License-Identifier: Apache-2.0
#include "nn/encoding_model.h"

#include "base/error.h"
#include "nn/checkpoint.h"
#include "nn/encoder.h"

namespace murine {

namespace {

// The recording's name, as `fit` noted it; else the file's.
std::string ScanName(const SafeTensors& stored, const std::filesystem::path& path) {
  const auto result = stored.metadata.find("result");
  if (result == stored.metadata.end()) return path.stem().string();
  const auto name = Json::json_pointer("/per_recording/0/name");
  return ParseJson(result->second, path.string()).value(name, path.stem().string());
}

}  // namespace

Denoiser LoadDenoiser(const std::filesystem::path& path) {
  const std::string where = path.string();
  const SafeTensors stored = ReadSafeTensors(path);
  const auto found = stored.metadata.find("encoding_model");
  if (found == stored.metadata.end())
    throw Error(
        {.what = "not an encoding model of murine's",
         .where = where,
         .expected = "metadata entry 'encoding_model'",
         .hint = stored.metadata.contains("resnet") ? "this is a classifier" : "make one with `murine fit`"});
  EncoderOptions options;
  OptionsFromJson(ParseJson(found->second, where), options, where);
  Encoder encoder(options, /*seed=*/0);
  CopyModule(stored, "", *encoder, where);
  encoder->eval();
  for (torch::Tensor& parameter : encoder->parameters()) parameter.set_requires_grad(false);
  const auto doubles = [&](const std::string& name) {
    const auto values = stored.Floats(name, where).values;
    if (static_cast<int64_t>(values.size()) != options.neurons)
      throw Error({.what = "size of " + name,
                   .where = where,
                   .expected = std::to_string(options.neurons),
                   .got = std::to_string(values.size())});
    return std::vector<double>(values.begin(), values.end());
  };
  Denoiser denoiser;
  denoiser.height = options.height;
  denoiser.width = options.width;
  Denoiser::Scan scan;
  scan.name = ScanName(stored, path);
  scan.neurons = options.neurons;
  scan.w = doubles("reliability_w");
  scan.v = doubles("validity_v");
  const auto repeated = stored.metadata.find("repeated");
  scan.repeated = repeated != stored.metadata.end() && repeated->second == "true";
  scan.respond = [encoder](const torch::Tensor& images) mutable { return encoder->Denoised(images); };
  denoiser.scans.push_back(std::move(scan));
  return denoiser;
}

}  // namespace murine
