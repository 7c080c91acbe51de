// SPDX-License-Identifier: Apache-2.0
#include "robustness/corruption.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "robustness/corruption_parts.h"
#include "robustness/noise.h"

namespace murine {

using namespace corruption;

std::span<const EnumName<Corruption>> EnumNames(Corruption) {
  using enum Corruption;
  static constexpr std::array<EnumName<Corruption>, 19> kNames{{{kGaussianNoise, "gaussian-noise"},
                                                                {kShotNoise, "shot-noise"},
                                                                {kImpulseNoise, "impulse-noise"},
                                                                {kDefocusBlur, "defocus-blur"},
                                                                {kGlassBlur, "glass-blur"},
                                                                {kMotionBlur, "motion-blur"},
                                                                {kZoomBlur, "zoom-blur"},
                                                                {kSnow, "snow"},
                                                                {kFrost, "frost"},
                                                                {kFog, "fog"},
                                                                {kBrightness, "brightness"},
                                                                {kContrast, "contrast"},
                                                                {kElasticTransform, "elastic-transform"},
                                                                {kPixelate, "pixelate"},
                                                                {kJpegCompression, "jpeg-compression"},
                                                                {kSpeckleNoise, "speckle-noise"},
                                                                {kGaussianBlur, "gaussian-blur"},
                                                                {kSpatter, "spatter"},
                                                                {kSaturate, "saturate"}}};
  return kNames;
}

std::span<const EnumName<FrequencyClass>> EnumNames(FrequencyClass) {
  static constexpr std::array<EnumName<FrequencyClass>, 3> kNames{
      {{FrequencyClass::kLow, "low"}, {FrequencyClass::kMedium, "medium"}, {FrequencyClass::kHigh, "high"}}};
  return kNames;
}

std::optional<FrequencyClass> FrequencyClassOf(Corruption kind) {
  switch (kind) {
    using enum Corruption;
    case kSnow:
    case kFrost:
    case kFog:
    case kBrightness:
    case kContrast:
      return FrequencyClass::kLow;
    case kDefocusBlur:
    case kGlassBlur:
    case kMotionBlur:
    case kZoomBlur:
    case kElasticTransform:
    case kPixelate:
    case kJpegCompression:
      return FrequencyClass::kMedium;
    case kGaussianNoise:
    case kShotNoise:
    case kImpulseNoise:
      return FrequencyClass::kHigh;
    default:
      return {};
  }
}

namespace {

Raster Noisy(Raster image, Noise kind, double level, RandomStream& stream) {
  AddNoise(kind, level, image.values, stream);
  return image;
}

Raster Apply(Corruption kind, int severity, const Raster& image, RandomStream& stream,
             std::span<const Raster> frost) {
  static constexpr double kGaussian[] = {.04, .06, .08, .09, .10};
  static constexpr double kPhotons[] = {500, 250, 100, 75, 50};  // of a white pixel
  static constexpr double kImpulses[] = {.01, .02, .03, .05, .07};
  static constexpr double kSpeckle[] = {.06, .1, .12, .16, .2};
  switch (kind) {
    using enum Corruption;
    case kGaussianNoise:
      return Noisy(image, Noise::kGaussian, At(kGaussian, severity), stream);
    case kShotNoise:
      return Noisy(image, Noise::kPoisson, 1 / std::sqrt(At(kPhotons, severity)), stream);
    case kImpulseNoise:
      return Noisy(image, Noise::kSaltAndPepper, At(kImpulses, severity), stream);
    case kSpeckleNoise:
      return Noisy(image, Noise::kSpeckle, At(kSpeckle, severity), stream);
    case kDefocusBlur:
      return DefocusBlur(image, severity);
    case kGlassBlur:
      return GlassBlur(image, severity, stream);
    case kMotionBlur:
      return MotionBlurred(image, severity, stream);
    case kZoomBlur:
      return ZoomBlur(image, severity);
    case kGaussianBlur:
      return GaussianBlurred(image, severity);
    case kSnow:
      return Snow(image, severity, stream);
    case kFrost:
      return Frost(image, severity, stream, frost);
    case kFog:
      return Fog(image, severity, stream);
    case kSpatter:
      return Spatter(image, severity, stream);
    case kBrightness:
      return Brightness(image, severity);
    case kSaturate:
      return Saturate(image, severity);
    case kContrast:
      return Contrast(image, severity);
    case kElasticTransform:
      return ElasticTransform(image, severity, stream);
    case kPixelate:
      return Pixelate(image, severity);
    case kJpegCompression:
      return JpegCompression(image, severity);
  }
  throw Error({.what = "no such corruption"});
}

}  // namespace

Raster Corrupt(Corruption kind, int severity, const Raster& image, uint64_t seed, int64_t index,
               std::span<const Raster> frost) {
  if (severity < 1 || severity > kSeverities)
    throw Error({.what = "severity of a corruption", .expected = "1 to 5", .got = std::to_string(severity)});
  RandomStream stream(seed, "corruption/" + std::string(NameOf(kind)), static_cast<uint64_t>(severity),
                      static_cast<uint64_t>(index));
  Raster result = Apply(kind, severity, image, stream, frost);
  // The published arrays are cut, not rounded. A value that was not touched must not lose a level to
  // arithmetic.
  constexpr float kSlack = 1e-3f;
  for (float& value : result.values) value = std::floor(std::clamp(value, 0.f, 1.f) * 255 + kSlack) / 255;
  return result;
}

}  // namespace murine
