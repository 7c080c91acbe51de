// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/options.h"
#include "robustness/raster.h"

namespace murine {

// The common corruptions of CIFAR-10-C (Hendrycks and Dietterich 2019, arXiv 1903.12261): the 15 that count,
// then the 4 extra ones.
enum class Corruption {
  kGaussianNoise,
  kShotNoise,
  kImpulseNoise,
  kDefocusBlur,
  kGlassBlur,
  kMotionBlur,
  kZoomBlur,
  kSnow,
  kFrost,
  kFog,
  kBrightness,
  kContrast,
  kElasticTransform,
  kPixelate,
  kJpegCompression,
  kSpeckleNoise,
  kGaussianBlur,
  kSpatter,
  kSaturate,
};
std::span<const EnumName<Corruption>> EnumNames(Corruption);

constexpr int kSeverities = 5;
constexpr size_t kMainCorruptions = 15;

// By the dominating frequencies of what is added to the image (Yin et al. 2019, arXiv 1906.08988), in the
// grouping of Li et al. 2023, doi 10.1371/journal.pcbi.1010932. The extra four have no class there.
enum class FrequencyClass { kLow, kMedium, kHigh };
std::span<const EnumName<FrequencyClass>> EnumNames(FrequencyClass);
std::optional<FrequencyClass> FrequencyClassOf(Corruption kind);

// One image in [0, 1], corrupted with severity 1 to 5 and cut to 8 bits as the published arrays are. It
// depends on (kind, severity, seed, index) and its own pixels alone. Parameters are those of CIFAR-10-C:
// lengths in pixels at any size of image, except for elastic transform and pixelate, which are stated
// relative to the side. A gray image is corrupted as one of three equal channels is, and becomes its luma;
// noise acts on its one channel. `frost`: colour textures at least as large as the image; used by frost
// alone, which needs them.
Raster Corrupt(Corruption kind, int severity, const Raster& image, uint64_t seed, int64_t index,
               std::span<const Raster> frost);

}  // namespace murine
