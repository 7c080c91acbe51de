// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/measures.h"
#include "data/image_set.h"
#include "nn/classifier.h"

namespace murine {

// The real Fourier basis image of the frequency (v, u) in cycles per image, [h, w], of length 1 in L2.
torch::Tensor FourierBasis(int64_t height, int64_t width, int64_t v, int64_t u);

// How often the classifier errs on images plus one Fourier basis image (Yin et al. 2019, arXiv 1906.08988):
// basis images of the L2 norm `norm` in each channel, with a random sign an image and channel, clamped to [0,
// 1].
struct FourierMapOptions {
  int64_t images = 100;
  double norm = 4;
  uint64_t seed = 0;
};
// Map "fourier_error" [h, w]: error rates, frequency 0 at [h / 2, w / 2]. Curve "fourier_error": their means
// over rings of frequency, cycles per pixel.
Measures FourierSensitivity(const Classifier& classifier, const ImageSet& images,
                            const FourierMapOptions& options);

}  // namespace murine
