// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/image_set.h"
#include "io/ndarray.h"
#include "nn/encoding_model.h"

namespace murine {

// Denoised responses [images, neurons] of one scan's neurons, at neutral eye position and behaviour. Images
// of another size than the model's are resized, and said to be.
NdArray<float> Predict(const Denoiser& denoiser, size_t scan, const ImageSet& images);

}  // namespace murine
