// SPDX-License-Identifier: Apache-2.0
// How much memory a ResNet takes, before there is one.
#pragma once

#include <array>
#include <filesystem>
#include <optional>

#include "base/json.h"
#include "io/safetensors.h"
#include "nn/load_resnet.h"
#include "nn/resnet.h"

namespace murine {

struct ResNetSize {
  int64_t parameters = 0;
  int64_t outputs = 0;  // values that its convolutions put out for one image
  int64_t largest = 0;  // values of the largest of them
};

inline ResNetSize SizeOf(const ResNetOptions& options, int64_t height, int64_t image_width) {
  const std::array<int, kStages - 1> blocks =
      options.depth == 18 ? std::array{2, 2, 2, 2} : std::array{3, 4, 6, 3};
  const int64_t kernel = options.stem == Stem::k3x3 ? 3 : 7;
  ResNetSize size;
  int64_t in = options.channels, h = height, w = image_width;
  const auto add = [&](int64_t out, int64_t side) {
    size.parameters += side * side * in * out + 2 * out;  // with batch norm
    size.outputs += out * h * w;
    size.largest = std::max(size.largest, out * h * w);
  };
  add(options.width, kernel);
  in = options.width;
  for (size_t group = 0; group < blocks.size(); ++group) {
    const int64_t out = options.width << group;
    for (int block = 0; block < blocks[group]; ++block) {
      const bool halves = group > 0 && block == 0;
      if (halves) {
        h = (h + 1) / 2;
        w = (w + 1) / 2;
        add(out, 1);  // of the shortcut
      }
      add(out, 3);
      in = out;
      add(out, 3);
    }
  }
  size.parameters += (in + 1) * options.classes;
  return size;
}

// Of a classifier that murine trained; nothing for another's.
inline std::optional<ResNetSize> SizeOfModel(const std::filesystem::path& path) {
  try {
    const std::filesystem::path file = ModelFile(path);
    const auto metadata = ReadSafeTensorsMetadata(file);
    const auto stored = metadata.find("resnet");
    if (stored == metadata.end()) return {};
    ResNetOptions options;
    OptionsFromJson(ParseJson(stored->second, file.string()), options, file.string());
    return SizeOf(options, options.height, options.image_width);
  } catch (const Error&) {
    return {};  // whoever loads it says what is wrong
  }
}

}  // namespace murine
