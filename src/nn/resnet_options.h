// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/options.h"

namespace murine {

constexpr int64_t kLeastSide = 8;  // of an image, pixels: the last group halves the size for the third time

enum class Stem { k3x3, k7x7 };
inline std::span<const EnumName<Stem>> EnumNames(Stem) {
  static constexpr EnumName<Stem> kNames[] = {{Stem::k3x3, "3x3"}, {Stem::k7x7, "7x7"}};
  return kNames;
}

// A ResNet for small images (He et al. 2016, arXiv 1512.03385): stride-1 stem without pooling. The same
// struct is the metadata of a checkpoint.
struct ResNetOptions {
  int depth = 18;      // 18 or 34
  int64_t width = 64;  // channels of the stem; the groups have 1, 2, 4 and 8 times as many
  Stem stem = Stem::k3x3;
  int64_t classes = 10;
  int64_t channels = 1, height = 32, image_width = 32;  // of the images it classifies
  double mean = 0.5, scale = 5;                         // inputs enter as scale * (x - mean)
  double blur = 0;  // standard deviation of a fixed Gaussian in front of that, pixels; 0: none

  void Check() const;

  template <class Self, class Visitor>
  static void Visit(Self& self, Visitor&& visit) {
    visit("depth", self.depth, "18 or 34");
    visit("width", self.width, "channels of the stem");
    visit("stem", self.stem, "3x3 or 7x7");
    visit("classes", self.classes, "number of classes");
    visit("channels", self.channels, "1: grayscale, 3: colour");
    visit("height", self.height, "of the images");
    visit("image-width", self.image_width, "of the images");
    visit("mean", self.mean, "inputs enter as scale * (x - mean)");
    visit("scale", self.scale, "inputs enter as scale * (x - mean)");
    visit("blur", self.blur, "standard deviation of a fixed Gaussian in front of that, pixels; 0: none");
  }
};

}  // namespace murine
