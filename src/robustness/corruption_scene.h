// SPDX-License-Identifier: Apache-2.0
// For tests of corruptions: images to corrupt, and twins to compare with.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "data/dead_leaves.h"
#include "robustness/corruption.h"
#include "robustness/corruption_parts.h"

namespace murine::corruption_scene {

inline constexpr float kLevel = 1 / 255.f;
inline constexpr uint64_t kSeed = 5;

// Natural enough: occluding disks of all sizes; channels that differ.
inline Raster Scene(int64_t channels, int64_t height, int64_t width, uint64_t seed = 1) {
  Raster scene(channels, height, width);
  const ImageSet leaves = DeadLeaves(channels, height, width, seed);
  for (int64_t c = 0; c < channels; ++c)
    leaves.CopyTo(c, std::span(scene.values).subspan(static_cast<size_t>(c * height * width)));
  return scene;
}

inline Raster Constant(int64_t channels, int64_t height, int64_t width, float value) {
  Raster raster(channels, height, width);
  std::fill(raster.values.begin(), raster.values.end(), value);
  return raster;
}

// Colour from 0 to 1 in all channels, a different one at every place.
inline std::vector<Raster> Textures() { return {Scene(3, 40, 44, 11), Scene(3, 45, 41, 12)}; }

inline Raster Corrupted(Corruption kind, int severity, const Raster& image, int64_t index = 0) {
  return Corrupt(kind, severity, image, kSeed, index, Textures());
}

inline RandomStream Stream(Corruption kind, int severity, int64_t index = 0) {
  return RandomStream(kSeed, "corruption/" + std::string(NameOf(kind)), static_cast<uint64_t>(severity),
                      static_cast<uint64_t>(index));
}

inline double Distance(const Raster& a, const Raster& b) {
  double sum = 0;
  for (size_t i = 0; i < a.values.size(); ++i)
    sum += (double{a.values[i]} - b.values[i]) * (double{a.values[i]} - b.values[i]);
  return std::sqrt(sum / static_cast<double>(a.values.size()));
}

// Cut to 8 bits as Corrupt does; one level where the twin's arithmetic falls on the other side of it.
inline void ExpectSame(const Raster& got, const Raster& twin, const char* what) {
  ASSERT_EQ(got.values.size(), twin.values.size());
  int64_t off = 0;
  for (size_t i = 0; i < got.values.size(); ++i) {
    const float cut = std::floor(std::clamp(twin.values[i], 0.f, 1.f) * 255 + 1e-3f) / 255;
    ASSERT_NEAR(got.values[i], cut, kLevel * 1.01f) << what << " at " << i;
    off += std::abs(got.values[i] - cut) > kLevel / 2;
  }
  EXPECT_LT(off, static_cast<int64_t>(got.values.size()) / 50) << what;
}

inline std::vector<Corruption> All() {
  std::vector<Corruption> all;
  for (const auto& [kind, name] : EnumNames(Corruption{})) all.push_back(kind);
  return all;
}

}  // namespace murine::corruption_scene
