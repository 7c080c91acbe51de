// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "base/json.h"
#include "data/image_set.h"
#include "nn/ranks.h"
#include "nn/resnet.h"

namespace murine {

struct ClassifierScore {
  double loss = 0, accuracy = 0;
};

// What is done to an image before it is classified: `index` is its place in the set.
using ImageChange = std::function<void(std::span<float> image, int64_t index)>;

// Cross entropy and accuracy in evaluation mode over the images `index` of a labelled set. Ranks with the
// same network take turns at batches; all get the same bits, whatever their number.
ClassifierScore ScoreClassifier(const ResNet& network, const ImageSet& images, std::span<const int64_t> index,
                                const Ranks& ranks, const ImageChange& change = {});

// Accuracy on those images clean and under noise `tests` (robustness/test_spec.h), drawn by the streams of
// `seed` and of each image's place: {"accuracy", "n", "noise": [{"name", "level", "accuracy"}]}.
Json ScoreUnderNoise(const ResNet& network, const ImageSet& images, std::span<const int64_t> index,
                     const std::string& tests, uint64_t seed, const Ranks& ranks);

}  // namespace murine
