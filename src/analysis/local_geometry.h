// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/measures.h"
#include "data/image_set.h"
#include "nn/classifier.h"

namespace murine {

// How steep and how bent the loss (cross entropy) is around the first `images` test images. Values
// "gradient_norm": mean L2 norm of its gradient g in the image; "curvature": mean of |g(x + h z) - g(x)| / h
// along z = sign(g) / |sign(g)|, the direction of Moosavi-Dezfooli et al. 2019, arXiv 1811.09716. Images with
// the gradient 0 count as 0 in both.
struct GeometryOptions {
  int64_t images = 200;
  double step = 0.1;  // h, L2
  uint64_t seed = 0;
};
Measures LocalGeometry(const Classifier& classifier, const ImageSet& images, const GeometryOptions& options);

}  // namespace murine
