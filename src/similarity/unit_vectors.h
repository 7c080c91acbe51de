// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "io/ndarray.h"
#include "similarity/similarity.h"

namespace murine {

// e_i: rows [images, dimensions] with the mean over images subtracted, scaled to unit length (method.md
// section 4). Errors: fewer than two images, NaN, an image whose vector is the mean itself; `what` names the
// vectors.
NdArray<float> UnitVectors(NdArray<float> vectors, const std::string& what);

// S_ij = e_i . e_j of the upper triangle's tiles by oneDNN's sgemm, mirrored; the diagonal is 1, values lie
// in [-1, 1].
SimilarityMatrix Similarity(const NdArray<float>& unit_vectors);

}  // namespace murine
