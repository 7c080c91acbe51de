// SPDX-License-Identifier: Apache-2.0
#include "robustness/noise.h"

#include <algorithm>
#include <array>

namespace murine {

std::span<const EnumName<Noise>> EnumNames(Noise) {
  static constexpr std::array<EnumName<Noise>, 5> kNames{{{Noise::kGaussian, "gaussian"},
                                                          {Noise::kUniform, "uniform"},
                                                          {Noise::kSaltAndPepper, "salt-and-pepper"},
                                                          {Noise::kSpeckle, "speckle"},
                                                          {Noise::kPoisson, "poisson"}}};
  return kNames;
}

void AddNoise(Noise kind, double level, std::span<float> image, uint64_t seed, int64_t index) {
  RandomStream stream(seed, "noise/" + std::string(NameOf(kind)), 0, static_cast<uint64_t>(index));
  AddNoise(kind, level, image, stream);
}

void AddNoise(Noise kind, double level, std::span<float> image, RandomStream& stream) {
  if (level == 0) return;
  const auto scale = static_cast<float>(level);
  std::vector<float> draws(image.size());
  switch (kind) {
    case Noise::kGaussian:
    case Noise::kSpeckle:
      stream.FillNormal(draws, 1);
      for (size_t i = 0; i < image.size(); ++i)
        image[i] += scale * draws[i] * (kind == Noise::kSpeckle ? image[i] : 1);
      break;
    case Noise::kUniform:
      stream.FillUniform(draws, -1, 1);
      for (size_t i = 0; i < image.size(); ++i) image[i] += scale * draws[i];
      break;
    case Noise::kSaltAndPepper:
      stream.FillUniform(draws, 0, 1);
      for (size_t i = 0; i < image.size(); ++i)
        if (const bool salt = stream.Bits32() & 1; draws[i] < scale) image[i] = salt ? 1 : 0;
      break;
    case Noise::kPoisson: {
      const double variance = level * level;
      for (float& value : image)
        value = static_cast<float>(static_cast<double>(stream.Poisson(value / variance)) * variance);
      break;
    }
  }
  for (float& value : image) value = std::clamp(value, 0.f, 1.f);
}

std::vector<double> DefaultLevels(Noise kind) {
  if (kind == Noise::kSaltAndPepper) return {0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1};
  return {0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2};
}

}  // namespace murine
