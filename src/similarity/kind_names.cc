// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "similarity/similarity.h"

namespace murine {

std::span<const EnumName<TargetKind>> EnumNames(TargetKind) {
  static constexpr std::array<EnumName<TargetKind>, 16> kNames{{{TargetKind::kNeural, "neural"},
                                                                {TargetKind::kNeuralRaw, "neural-raw"},
                                                                {TargetKind::kOracle, "oracle"},
                                                                {TargetKind::kPixel, "pixel"},
                                                                {TargetKind::kThreshold, "threshold"},
                                                                {TargetKind::kLabel, "label"},
                                                                {TargetKind::kFeatures, "features"},
                                                                {TargetKind::kGabor, "gabor"},
                                                                {TargetKind::kGaborEnergy, "gabor-energy"},
                                                                {TargetKind::kLowpass, "lowpass"},
                                                                {TargetKind::kRandom, "random"},
                                                                {TargetKind::kShuffled, "shuffled"},
                                                                {TargetKind::kSpectrum, "spectrum"},
                                                                {TargetKind::kEigenTop, "eigen-top"},
                                                                {TargetKind::kEigenBottom, "eigen-bottom"},
                                                                {TargetKind::kNoise, "noise"}}};
  return kNames;
}

std::span<const EnumName<VectorStyle>> EnumNames(VectorStyle) {
  static constexpr std::array<EnumName<VectorStyle>, 3> kNames{{{VectorStyle::kWeighted, "weighted"},
                                                                {VectorStyle::kUnweighted, "unweighted"},
                                                                {VectorStyle::kZscore, "zscore"}}};
  return kNames;
}

}  // namespace murine
