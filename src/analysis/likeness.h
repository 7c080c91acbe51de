// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "data/image_set.h"
#include "nn/torch.h"
#include "similarity/similarity.h"

namespace murine {

// H X X' H of features [n, d], [n, n] in double: products of the images with the mean over images subtracted.
torch::Tensor CentredGram(const torch::Tensor& features);

// Linear centred kernel alignment of two centred Gram matrices (Kornblith et al. 2019, arXiv 1905.00414):
// sum(K o L) / (|K| |L|). With fewer images than features it is biased upwards, even for unrelated features.
double LinearCka(const torch::Tensor& k, const torch::Tensor& l);

// The same with the unbiased estimate of HSIC (Song et al. 2012; Nguyen et al. 2021, arXiv 2010.15327), about
// 0 for unrelated features whatever the number of images; n >= 4.
double UnbiasedCka(const torch::Tensor& k, const torch::Tensor& l);

// What stages are compared with: the similarities that a brain or a target finds between these images.
struct Reference {
  std::string name = {}, hash = {};
  ImageSet images = {};
  SimilarityMatrix similarity = {};  // RSA
  torch::Tensor gram = {};           // [n, n] double, centred: CKA
};

// Responses of a recording, averaged over repeats and weighted by w, to its repeated images or, where none is
// repeated, to all. At most `most` images, at even distances.
Reference RecordingReference(const std::string& path, int64_t most, uint64_t seed);
// A similarity target of the images `stimuli`, in colour where that is kept and the target does not say that
// it was made of them in gray. Its Gram matrix is the centred similarity itself.
Reference TargetReference(const std::string& path, const std::string& stimuli, Color color, int64_t most);

// How like the reference features [n, d] of its images are.
struct Likeness {
  double rsa = 0, rsa_low = 0,
         rsa_high = 0;  // Pearson correlation of the upper triangles; bootstrap over images
  double cka = 0, cka_unbiased = 0;
};
Likeness MeasureLikeness(const Reference& reference, const torch::Tensor& features, uint64_t seed);

}  // namespace murine
