// SPDX-License-Identifier: Apache-2.0
#include "nn/encoding_model.h"

#include <fmt/format.h>

#include "base/error.h"
#include "nn/checkpoint.h"
#include "nn/encoder_file.h"

namespace murine {

namespace {

// The recording's name, as `fit` noted it; else the file's.
std::string ScanName(const SafeTensors& stored, size_t scan, const std::filesystem::path& path) {
  const auto result = stored.metadata.find("result");
  if (result == stored.metadata.end()) return path.stem().string();
  const Json::json_pointer name(fmt::format("/per_recording/{}/name", scan));
  return ParseJson(result->second, path.string()).value(name, path.stem().string());
}

// One entry of the metadata a recording: itself, or a list of them.
Json EntryOf(const SafeTensors& stored, const std::string& key, size_t scan, const std::string& where) {
  const auto found = stored.metadata.find(key);
  if (found == stored.metadata.end()) return nullptr;
  const Json entry = ParseJson(found->second, where);
  return entry.is_array() ? scan < entry.size() ? entry[scan] : Json(nullptr) : entry;
}

std::vector<EncoderOptions> Architectures(const Json& entry, const std::string& where) {
  const Json list = entry.is_array() ? entry : Json::array({entry});
  std::vector<EncoderOptions> options(list.size());
  if (list.empty()) throw Error({.what = "an encoding model without recordings", .where = where});
  for (size_t k = 0; k < list.size(); ++k) {
    OptionsFromJson(list[k], options[k], where);
    InFile(where, [&] { options[k].Check(); });
    EncoderOptions like_first = options[k];
    like_first.neurons = options[0].neurons;
    like_first.shifter = options[0].shifter;
    like_first.modulator = options[0].modulator;
    if (OptionsToJson(like_first) != OptionsToJson(options[0]))
      throw Error({.what = "recordings that share a core differ in their architecture",
                   .where = where,
                   .expected = OptionsToJson(options[0]).dump(),
                   .got = OptionsToJson(options[k]).dump()});
  }
  return options;
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
  const std::vector<EncoderOptions> options = Architectures(ParseJson(found->second, where), where);
  int64_t asked = options[0].CoreValues();
  for (const EncoderOptions& each : options) asked += each.ReadoutValues();
  RequireStored(stored, asked, where);
  std::vector<Encoder> encoders = MakeEncoders(options, /*seed=*/0);
  CopyEncoders(stored, "", encoders, where);
  Denoiser denoiser;
  denoiser.height = options[0].height;
  denoiser.width = options[0].width;
  for (size_t k = 0; k < encoders.size(); ++k) {
    Encoder encoder = encoders[k];
    encoder->eval();
    for (torch::Tensor& parameter : encoder->parameters()) parameter.set_requires_grad(false);
    const auto doubles = [&](const std::string& score) {
      const std::string name = ScanPrefix(encoders.size(), k) + score;
      const auto values = stored.Floats(name, where).values;
      if (std::ssize(values) != options[k].neurons)
        throw Error({.what = "size of " + name,
                     .where = where,
                     .expected = std::to_string(options[k].neurons),
                     .got = std::to_string(values.size())});
      return std::vector<double>(values.begin(), values.end());
    };
    Denoiser::Scan scan;
    scan.name = ScanName(stored, k, path);
    scan.neurons = options[k].neurons;
    scan.w = doubles("reliability_w");
    scan.v = doubles("validity_v");
    scan.repeated = EntryOf(stored, "repeated", k, where) == true;
    scan.respond = [encoder](const torch::Tensor& images) mutable { return encoder->Denoised(images); };
    denoiser.scans.push_back(std::move(scan));
  }
  return denoiser;
}

}  // namespace murine
