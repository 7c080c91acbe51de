// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "base/random.h"

namespace murine {

// What happens to a training image: "crop,flip,noise:0.05".
struct Augmentation {
  bool crop = false;  // reflect-padded by 4 pixels, then cut out at a random place
  bool flip = false;  // left and right, with probability 1/2
  double noise = 0;   // standard deviation of Gaussian noise, clamped to [0, 1] afterwards

  static Augmentation Parse(const std::string& text);  // "" or "none" is nothing; Error kUsage
  std::string Name() const;
};

constexpr int kCropPadding = 4;

// image: [channels, height, width], in place. Images smaller than the padding are an error.
void Augment(const Augmentation& augmentation, std::span<float> image, int64_t channels, int64_t height,
             int64_t width, RandomStream& stream);

}  // namespace murine
