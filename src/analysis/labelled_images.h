// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "data/image_set.h"
#include "robustness/attack.h"

namespace murine {

// Images first .. last - 1 of a labelled set as tensors, with their places in the set.
AttackInput ImagesAsTensors(const ImageSet& images, int64_t first, int64_t last);

// Calls `use` for each batch [first, last) of `count` images, showing progress as `what`. Throws where the
// user interrupts.
void ForBatches(const std::string& what, int64_t count, int64_t batch,
                const std::function<void(int64_t first, int64_t last)>& use);

// The classes of images [n, c, h, w] that the classifier names, [n].
torch::Tensor Answers(const Classifier& classifier, const torch::Tensor& images);

}  // namespace murine
